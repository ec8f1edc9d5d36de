"""What `reconciler init` writes, as package data in `files/`; holds no code and knows nothing.

How `files/` becomes a repository:

- every file keeps its path; a name that begins with `dot-` begins with `.` instead
  (`dot-gitignore` becomes `.gitignore`), since packaging tools leave dotfiles out;
- the text `{{name}}` in `environments/pipeline.yaml`, and nowhere else, is the pipeline's name;
- the first line of each manifest points an editor to `schemas/KIND.v1.json` at the top of the new
  repository, so the six schemas of the kinds are written there too.
"""
