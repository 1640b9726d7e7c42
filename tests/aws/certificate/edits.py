"""Ten edits of an environment file, as people make them. Each is one `up`, and the plan after it is empty."""

from certificate.project import Project

BUCKET = '\n[[storage.buckets]]\nname = "reports"\nexpire_noncurrent_days = 5\n'
FUNCTION = '\n[[functions]]\nname = "spare"\nsource = "pipeline/functions/data-validation"\ntimeout_seconds = 30\n'


def edits(project: Project, environment: str):
    """The edits in their order: what a person would call each, and the function that makes it."""

    def replace(pattern, text):
        return lambda: project.replace(environment, pattern, text)

    return [
        ("another owner in the tags", replace(r"^Owner = .*$", 'Owner = "certificate"')),
        ("old versions stay longer", replace(r"^expire_noncurrent_days = .*$", "expire_noncurrent_days = 21")),
        ("a function may take longer", replace(r"^timeout_seconds = .*$", "timeout_seconds = 240")),
        ("a function gets more memory", replace(r"^memory_mb = .*$", "memory_mb = 1536")),
        ("logs stay longer", replace(r"^log_retention_days = .*$", "log_retention_days = 14")),
        ("notebooks stop later", replace(r"^idle_shutdown_minutes = .*$", "idle_shutdown_minutes = 90")),
        ("one more user", replace(r"^user_profiles = \[.*\]$", 'user_profiles = ["data-scientist", "analyst"]')),
        ("one more bucket", lambda: project.append(environment, BUCKET)),
        ("one more function", lambda: project.append(environment, FUNCTION)),
        ("the bucket goes again", lambda: project.remove(environment, BUCKET)),
    ]
