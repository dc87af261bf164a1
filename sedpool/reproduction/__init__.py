"""The studies of McFee, Salamon and Bello 2018: their runs, what these leave, and how they compare with the paper."""
