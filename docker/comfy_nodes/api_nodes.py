"""ApiInput and ApiOutput: where the gateway puts values into a workflow, and takes them out.

Values travel through ComfyUI itself: in as node inputs, out as the node's `ui`, which history keeps.
"""

import json
import shutil
from pathlib import Path

from .any_type import ANY

IMAGE_FORMATS = {"image/png": ("PNG", ".png"), "image/jpeg": ("JPEG", ".jpg"), "image/webp": ("WEBP", ".webp")}
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
MEDIA_KINDS = ("image/", "video/", "audio/", "file/")


class ApiInput:
    """A named input of the API. The gateway sets `value` and `type`; media arrive as the path of an uploaded file."""

    CATEGORY = "ComfyEndpoints"
    FUNCTION = "run"
    RETURN_TYPES = (ANY,)
    RETURN_NAMES = ("value",)

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "name": ("STRING", {"default": "prompt"}),
                "type": ("STRING", {"default": "string"}),
                "required": ("BOOLEAN", {"default": True}),
                "value": ("STRING", {"default": "", "multiline": True}),
            }
        }

    @classmethod
    def VALIDATE_INPUTS(cls, input_types):
        # Taking `input_types` switches off ComfyUI's check of links: `value` may be fed by a socket of any type.
        return True

    def run(self, name, type, required, value):
        return (typed_value(value, type.strip().lower(), name),)


class ApiOutput:
    """A named output of the API: an image, a file by its path, or any value."""

    CATEGORY = "ComfyEndpoints"
    FUNCTION = "run"
    OUTPUT_NODE = True
    RETURN_TYPES = ()

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "name": ("STRING", {"default": "image"}),
                "type": ("STRING", {"default": "image/png"}),
            },
            "optional": {
                "value": (ANY, {}),
                "image": ("IMAGE", {}),
                "filename_prefix": ("STRING", {"default": ""}),
            },
        }

    def run(self, name, type, value=None, image=None, filename_prefix=""):
        media_type = type.strip().lower()
        prefix = filename_prefix or name
        if image is not None:
            return {"ui": {"images": save_images(image, media_type, prefix)}}
        if value is None:
            raise ValueError(f'output "{name}" has neither a value nor an image; connect one of them')
        if media_type.startswith(MEDIA_KINDS):
            return {"ui": {"files": [copy_file(Path(str(value)), name, prefix)]}}
        return {"ui": {"value": [value]}}


def typed_value(value, value_type, name):
    """Turns the text of a widget into a value of the declared type: ComfyUI makes text of everything put into one."""
    if not isinstance(value, str):
        return value
    try:
        if value_type == "integer":
            return int(value)
        if value_type == "number":
            return float(value)
        if value_type == "boolean":
            return BOOLEANS[value.strip().lower()]
        if value_type in ("object", "array"):
            return json.loads(value)
    except (KeyError, ValueError) as error:
        raise ValueError(f'input "{name}" is "{value}", which is no {value_type}') from error
    return value


def save_images(image, media_type, prefix):
    """Saves every image of the batch in ComfyUI's output folder; returns what history shows of them."""
    if media_type not in IMAGE_FORMATS:
        raise ValueError(f'an image cannot be saved as "{media_type}"; use {", ".join(IMAGE_FORMATS)}')
    from PIL import Image

    image_format, suffix = IMAGE_FORMATS[media_type]
    saved = []
    for tensor in image:
        pixels = (tensor.cpu().numpy().clip(0, 1) * 255).round().astype("uint8")
        if pixels.shape[-1] == 1:
            pixels = pixels[..., 0]
        picture = Image.fromarray(pixels)
        if image_format == "JPEG":
            # JPEG has no transparency.
            picture = picture.convert("RGB")
        path, entry = next_output_file(prefix, suffix)
        picture.save(path, format=image_format)
        saved.append(entry)
    return saved


def copy_file(source, name, prefix):
    if not source.is_file():
        raise ValueError(f'output "{name}" names the file {source}, which is not there')
    path, entry = next_output_file(prefix, source.suffix)
    shutil.copyfile(source, path)
    return entry


def next_output_file(prefix, suffix):
    """A new file in ComfyUI's output folder, and the entry that history shows of it."""
    import folder_paths

    folder, filename, counter, subfolder, _ = folder_paths.get_save_image_path(
        prefix, folder_paths.get_output_directory()
    )
    file = f"{filename}_{counter:05}_{suffix}"
    while Path(folder, file).exists():
        counter += 1
        file = f"{filename}_{counter:05}_{suffix}"
    return Path(folder, file), {"filename": file, "subfolder": subfolder, "type": "output"}
