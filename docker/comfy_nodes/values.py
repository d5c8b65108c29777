"""Values of the API: out of text on their way in, fit for JSON on their way out."""

import json
import math

BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
PLAIN = (str, bool, int, type(None))


def typed_value(value, value_type, name):
    """Turns the text of a widget into a value of the declared type: ComfyUI makes text of everything put into one."""
    if not isinstance(value, str):
        return value
    try:
        if value_type == "integer":
            return int(value)
        if value_type == "number":
            return finite(float(value))
        if value_type == "boolean":
            return BOOLEANS[value.strip().lower()]
        if value_type in ("object", "array"):
            return json.loads(value)
    except (KeyError, ValueError) as error:
        raise ValueError(f'input "{name}" is "{value}", which is no {value_type}') from error
    return value


def json_value(value, name):
    """The same value in JSON's own types. One that it lacks would end ComfyUI when it tells of it."""
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, float):
        try:
            return finite(value)
        except ValueError as error:
            raise ValueError(f'output "{name}" is {value}, which JSON cannot carry') from error
    if isinstance(value, (list, tuple)):
        return [json_value(item, name) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: json_value(item, name) for key, item in value.items()}
    # One number of numpy or torch.
    if getattr(value, "ndim", None) == 0:
        return json_value(value.item(), name)
    kind = value.__class__.__name__
    raise ValueError(f'output "{name}" holds a {kind}, which JSON cannot carry; connect text, numbers or lists of them')


def finite(number):
    if math.isfinite(number):
        return number
    raise ValueError(f"{number} is not finite")
