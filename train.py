"""Train a sound event detector: ``python train.py pooling=cap``; ``--help`` lists the choices."""

from sedpool.experiment.main import main

if __name__ == "__main__":
    main()
