class AnyType(str):
    """A socket type that ComfyUI connects to every other: it compares types with `!=`."""

    def __ne__(self, other: object) -> bool:
        return False


ANY = AnyType("*")
