"""Calls RunPod's own SDK: a line of JSON in for each call, a line of JSON out with what came of it."""

import json
import sys

import runpod

for line in sys.stdin:
    call = json.loads(line)
    runpod.api_key = call["key"]
    try:
        answer = {"result": getattr(runpod, call["function"])(**call["arguments"])}
    except Exception as error:  # Whatever it is: the test says which one it expects.
        answer = {"error": type(error).__name__, "message": str(error)}
    print(json.dumps(answer), flush=True)
