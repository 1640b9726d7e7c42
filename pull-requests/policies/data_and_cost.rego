# A change takes away no storage, and makes the platform dearer by at most 500 USD a month.
package main

import rego.v1

most_usd_a_month := 500

areas_with_data := {"storage", "registry", "studio"}

deny contains message if {
	some change in input.changes
	change.action in {"delete", "replace"}
	some area in areas_with_data
	startswith(change.address, sprintf("%s.", [area]))
	message := sprintf("%s: %s of a resource that may hold data", [change.address, change.action])
}

# A saved plan has the option as well.
deny contains message if {
	some address in input.delete_data
	message := sprintf("the plan allows to delete the data of %s", [address])
}

deny contains message if {
	more := input.cost.monthly_after - input.cost.monthly_before
	more > most_usd_a_month
	message := sprintf("the platform costs %.2f USD a month more, and %d are allowed", [more, most_usd_a_month])
}
