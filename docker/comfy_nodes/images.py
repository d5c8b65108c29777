"""Pictures: between files and the tensors that nodes call IMAGE, of shape [batch, height, width, channels], 0 to 1."""

IMAGE_FORMATS = {"image/png": ("PNG", ".png"), "image/jpeg": ("JPEG", ".jpg"), "image/webp": ("WEBP", ".webp")}
FORMATS_BY_SUFFIX = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


def read_image(path):
    """A picture as a batch of one, upright, in RGB."""
    import numpy
    import torch
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file)
            if picture.mode.startswith("I"):
                # 16 bits, of which RGB has room for the upper 8.
                picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
            pixels = numpy.asarray(picture.convert("RGB"))
    except OSError as error:
        raise ValueError(f"{path.name} is no picture that can be read: {error}") from error
    return torch.from_numpy(pixels.astype(numpy.float32) / 255)[None]


def pixels_of(images):
    """The pictures of a batch, one after the other, as bytes of shape [height, width, channels].

    Takes one picture without its batch, and masks, too.
    """
    shape = tuple(images.shape)
    if len(shape) == 3 and shape[-1] in (1, 3, 4):
        images = images[None]
    elif len(shape) not in (3, 4):
        raise ValueError(f"pictures have the shape [batch, height, width, channels], and this has {list(shape)}")
    for image in images:
        yield pixels(image)


def pixels(image):
    import numpy

    values = image.detach().float().cpu().numpy()
    if values.ndim == 3 and values.shape[-1] not in (1, 3, 4):
        raise ValueError(f"a picture has 1, 3 or 4 channels, and this has {values.shape[-1]}")
    # Half precision overflows in some models: what is no number becomes black instead of anything.
    return (numpy.nan_to_num(values, nan=0, posinf=1, neginf=0).clip(0, 1) * 255).round().astype(numpy.uint8)


def save_image(values, path, image_format):
    from PIL import Image

    picture = Image.fromarray(values[..., 0] if values.ndim == 3 and values.shape[-1] == 1 else values)
    if image_format == "JPEG":
        # JPEG has no transparency.
        picture = picture.convert("RGB")
    picture.save(path, format=image_format)
