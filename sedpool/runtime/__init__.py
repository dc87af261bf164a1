"""Runtime: the backend, the environment and the log of the process that runs, and the types of its arrays."""
