"""Speed and memory, measured side by side with a named peer or limit in the same run."""
