"""Where nodes read and write: in ComfyUI's own folders, and where the gateway lends a job its inputs. Nowhere else.

A workflow may let callers choose a path; none of them leads to the rest of the machine.
"""

import os
import shutil
import uuid
from pathlib import Path

INPUTS_VARIABLE = "COMFY_ENDPOINTS_INPUTS_DIR"


def readable_file(text, what):
    """The file that a path names; relative ones begin in ComfyUI's input folder.

    `what` names, in errors, whose path it is.
    """
    import folder_paths

    folders = [
        folder_paths.get_input_directory(),
        folder_paths.get_output_directory(),
        folder_paths.get_temp_directory(),
    ]
    if lent := os.environ.get(INPUTS_VARIABLE, "").strip():
        folders.append(lent)
    text = text.strip()
    if not text:
        raise ValueError(f"{what} has no path; give it that of a file")
    path = Path(os.path.realpath(Path(folders[0], text)))
    if not is_inside(path, folders):
        raise ValueError(
            f"{what} names {text}, which lies outside of ComfyUI's input, output and temp folders; put the file there, "
            f"or set {INPUTS_VARIABLE} to the folder where the gateway puts inputs (files/inputs beside its database)"
        )
    if not path.is_file():
        raise ValueError(f"{what} names {text}, and there is no such file")
    return path


def writable_file(text, suffix, what):
    """Where to write: as a path says, relative ones beginning in ComfyUI's output folder, else a new temporary file."""
    import folder_paths

    text = text.strip()
    if not text:
        return Path(prompt_folder(), uuid.uuid4().hex + suffix)
    output = folder_paths.get_output_directory()
    path = Path(os.path.realpath(Path(output, text)))
    if not is_inside(path, [output, folder_paths.get_temp_directory()]):
        raise ValueError(
            f"{what} is {text}, which lies outside of ComfyUI's output and temp folders; give a path inside"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def new_output_file(prefix, suffix):
    """A new file in ComfyUI's output folder, and the entry that history shows of it."""
    import folder_paths

    folder, filename, counter, subfolder, _ = folder_paths.get_save_image_path(
        prefix, folder_paths.get_output_directory()
    )
    while True:
        file = f"{filename}_{counter:05}_{suffix}"
        if not Path(folder, file).exists():
            return Path(folder, file), {"filename": file, "subfolder": subfolder, "type": "output"}
        counter += 1


def prompt_folder():
    """A folder for temporary files of the prompt that runs. Those of earlier ones go: only one runs at a time."""
    import folder_paths

    folders = Path(folder_paths.get_temp_directory(), "comfy_endpoints")
    own = folders / prompt_id()
    if not own.is_dir():
        shutil.rmtree(folders, ignore_errors=True)
        own.mkdir(parents=True)
    return own


def prompt_id():
    try:
        from comfy_execution.utils import get_executing_context
    except ImportError:
        # ComfyUI older than that does not tell; its temporary files wait for its next start.
        return "prompt"
    context = get_executing_context()
    return Path(context.prompt_id).name if context else "prompt"


def is_inside(path, folders):
    return any(path.is_relative_to(os.path.realpath(folder)) for folder in folders)
