"""Reads manifests and definition files strictly: any bytes give a value or findings, nothing else.

    text.py           bytes: size, UTF-8, printable characters, directives
    composing.py      text -> YAML nodes, bounded in depth and number
    scalars.py        plain scalars by the core schema of YAML 1.2
    values.py         nodes -> JSON value, every problem with its place
    yaml_files.py     the three together: bytes -> value or findings
    places.py         JSON Pointer -> line and column
    json_files.py     definition files of engines
    schemas.py        the schemas of the kinds, for a quick answer
    explaining.py     why a manifest does not fit its schema, one finding per error
    checks.py         what a schema cannot say of one manifest
    event_schemas.py  JSON Schemas that users write: local, bounded, patterns never executed
    parsing.py        one request -> a manifest or its findings
    pool.py           many requests in several processes
    splicing.py       one member of a file put into another, by text
    reader.py         implements `ports.Manifests`
    writing.py        implements `ports.ManifestWriter`: contents -> files that read the same
    findings.py       findings while they are collected

What is read depends on the bytes and the expected kind alone, never on the path, so that it can be
remembered by git blob id.
"""
