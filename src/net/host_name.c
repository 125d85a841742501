/*
 * The syntax of host names.  See host_name.h.
 */
#include "net/host_name.h"

enum { NAME_MAX_LEN = 253, LABEL_MAX_LEN = 63 };

static struct str without_final_dot(struct str name)
{
	return str_ends(name, ".") ? str_sub(name, 0, name.len - 1) : name;
}

static bool label_is_valid(struct str label)
{
	if (label.len == 0 || label.len > LABEL_MAX_LEN) {
		return false;
	}
	for (size_t i = 0; i < label.len; i++) {
		char c = label.ptr[i];

		if (!char_is_alnum(c) && c != '-' && c != '_') {
			return false;
		}
	}
	return true;
}

bool host_name_is_valid(struct str name)
{
	struct str rest = without_final_dot(name);
	struct str label = {0};

	if (rest.len == 0 || rest.len > NAME_MAX_LEN) {
		return false;
	}
	while (str_split(&rest, '.', &label)) {
		if (!label_is_valid(label)) {
			return false;
		}
	}
	return !str_is_digits(label);
}

bool host_name_eq(struct str a, struct str b)
{
	return str_case_eq(without_final_dot(a), without_final_dot(b));
}
