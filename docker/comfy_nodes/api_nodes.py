"""ApiInput and ApiOutput: where the gateway puts values into a workflow, and takes them out.

Values travel through ComfyUI itself: in as node inputs, out as the node's `ui`, which history keeps.
"""

import json
import shutil

from .any_type import ANY
from .audio import AUDIO_SUFFIXES, write_audio
from .folders import new_output_file, readable_file
from .images import IMAGE_FORMATS, pixels_of, save_image
from .values import json_value, typed_value

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
    """A named output of the API: images, sound, a video, a file by its path, or any value that JSON can carry."""

    CATEGORY = "ComfyEndpoints"
    FUNCTION = "run"
    OUTPUT_NODE = True
    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("value",)

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "name": ("STRING", {"default": "image"}),
                "type": ("STRING", {"default": "image/png"}),
            },
            "optional": {
                # A socket for everything, and still a text field: saved workflows list what fields hold by position.
                "value": (ANY, {"default": "", "widgetType": "STRING"}),
                "image": ("IMAGE", {}),
                "filename_prefix": ("STRING", {"default": ""}),
            },
        }

    def run(self, name, type, value=None, image=None, filename_prefix=""):
        media_type = type.strip().lower()
        prefix = filename_prefix or name
        is_media = media_type.startswith(MEDIA_KINDS)
        if media_type.startswith("image/") and image is not None:
            value = image
        if value is None or (is_media and isinstance(value, str) and not value.strip()):
            raise ValueError(missing(name, media_type, image))
        if not is_media:
            value = json_value(value, name)
            return output_of(name, type, value, {"value": [value]})
        if isinstance(value, str):
            key, entries = "files", [copy_file(value, name, prefix)]
        else:
            key, entries = save_media(value, media_type, name, prefix)
        paths = ["/".join(filter(None, (entry["subfolder"], entry["filename"]))) for entry in entries]
        return output_of(name, type, paths[0] if len(paths) == 1 else paths, {key: entries})


def output_of(name, type, value, ui):
    """What the node hands to history, and what it says of it to nodes behind it."""
    return {"ui": ui, "result": (json.dumps({"name": name, "type": type, "value": value}),)}


def missing(name, media_type, image):
    if image is not None:
        return f'output "{name}" is of type "{media_type}", which an image is not; name a type such as image/png'
    return f'output "{name}" has neither a value nor an image; connect one of them'


def save_media(value, media_type, name, prefix):
    """Saves what nodes call IMAGE, AUDIO or VIDEO; returns the key of history for it, and what is shown there."""
    if media_type.startswith("image/") and hasattr(value, "shape"):
        return "images", save_images(value, media_type, prefix)
    if media_type.startswith("audio/") and isinstance(value, dict) and "waveform" in value:
        return "audio", save_audio(value, media_type, prefix)
    if media_type.startswith("video/") and hasattr(value, "save_to"):
        path, entry = new_output_file(prefix, ".mp4")
        value.save_to(str(path))
        return "files", [entry]
    remedy = "put Video Tensor To Path before it" if media_type.startswith("video/") else "give it the path of a file"
    raise ValueError(f'output "{name}" of type "{media_type}" cannot be made of a {value.__class__.__name__}; {remedy}')


def save_images(images, media_type, prefix):
    """Saves every image of the batch."""
    if media_type not in IMAGE_FORMATS:
        raise ValueError(f'an image cannot be saved as "{media_type}"; use {", ".join(IMAGE_FORMATS)}')
    image_format, suffix = IMAGE_FORMATS[media_type]
    saved = []
    for pixels in pixels_of(images):
        path, entry = new_output_file(prefix, suffix)
        save_image(pixels, path, image_format)
        saved.append(entry)
    return saved


def save_audio(audio, media_type, prefix):
    """Saves every recording of the batch."""
    if media_type not in AUDIO_SUFFIXES:
        raise ValueError(f'sound cannot be saved as "{media_type}"; use {", ".join(AUDIO_SUFFIXES)}')
    saved = []
    for waveform in audio["waveform"]:
        path, entry = new_output_file(prefix, AUDIO_SUFFIXES[media_type])
        write_audio(path, waveform, audio["sample_rate"])
        saved.append(entry)
    return saved


def copy_file(text, name, prefix):
    source = readable_file(text, f'output "{name}"')
    path, entry = new_output_file(prefix, source.suffix)
    shutil.copyfile(source, path)
    return entry
