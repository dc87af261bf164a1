from tests.miniatures.sounds import background, foreground

__all__ = ["background", "foreground"]
