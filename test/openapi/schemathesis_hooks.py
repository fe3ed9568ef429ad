from uuid import uuid4

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    """Makes each well-formed idempotency key a new one: a repeated key is refused before anything else is looked at."""
    headers = case.headers or {}
    key = headers.get("Idempotency-Key")
    if key and len(key) <= 200:
        headers["Idempotency-Key"] = f"{key}{uuid4().hex}"


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Loosens what no client should be told to send, and is no error. In a new object's body any null is the same as absent, under
    an unknown name too. An id of more digits than there are ids finds nothing."""
    schemas = raw_schema["components"]["schemas"]

    def allow_null(schema):
        schema = schemas[schema["$ref"].split("/")[-1]] if "$ref" in schema else schema
        if schema.get("additionalProperties") is False:
            schema["additionalProperties"] = {"type": "null"}
        for alternative in schema.get("anyOf", []):
            allow_null(alternative)
        for name in ("movements", "parts"):
            if name in schema.get("properties", {}):
                allow_null(schema["properties"][name]["items"])

    for operations in raw_schema["paths"].values():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", []):
                if parameter["schema"].get("format") == "int64":
                    del parameter["schema"]["format"]
                    parameter["schema"].pop("maximum", None)
            if method != "patch" and "requestBody" in operation:
                for content in operation["requestBody"]["content"].values():
                    allow_null(content["schema"])
