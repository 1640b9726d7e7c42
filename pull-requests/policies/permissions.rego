# No role gets a permission on all resources with which it could change something. Actions that only read may stay, and so
# may actions that AWS grants on all resources or on none.
package main

import rego.v1

on_all_or_none := {"glue:ResetJobBookmark"}

deny contains message if {
	some change in input.changes
	change.kind == "iam:role"
	some field in change.fields
	some statement in statements(field.after)
	statement.Effect == "Allow"
	"*" in listed(statement.Resource)
	some action in listed(statement.Action)
	not is_harmless(action)
	message := sprintf("%s may %s on all resources", [change.address, action])
}

# The statements of all policies in a value, which may be a policy, a list of statements or a map of policies.
statements(value) := {statement |
	walk(value, [_, statement])
	is_object(statement)
	statement.Effect
}

listed(value) := value if is_array(value)

listed(value) := [value] if is_string(value)

is_harmless(action) if action in on_all_or_none

is_harmless(action) if {
	some word in ["Get", "List", "Describe", "Search", "BatchGet", "Query"]
	startswith(split(action, ":")[1], word)
}

is_harmless(action) if {
	split(action, ":")[0] in {"cloudwatch", "ec2", "ecr", "logs", "xray"}
	not endswith(action, ":*")
}
