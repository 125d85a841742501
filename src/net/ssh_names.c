/*
 * Names that are looked at before they are used.  See ssh_names.h.
 */
#include "net/ssh_names.h"

#include <string.h>

#include "base/utf8.h"
#include "net/address.h"
#include "net/host_name.h"

bool ssh_names_is_host(struct str name)
{
	struct address address;

	return !str_starts(name, "-") &&
	       (host_name_is_valid(name) || address_parse(name, 0, &address));
}

int ssh_names_check_host(const char *name, struct err *err)
{
	if (!ssh_names_is_host(str_of(name))) {
		return err_set(
			err, ERR_INPUT, "'%s' is no name of a host", utf8_quote(str_of(name)).text);
	}
	return 0;
}

static int check_user(const char *name, const char *forbidden, struct err *err)
{
	if (name[0] == '\0' || name[0] == '-' || strpbrk(name, forbidden)) {
		return err_set(
			err, ERR_INPUT, "'%s' is no name of a user", utf8_quote(str_of(name)).text);
	}
	return 0;
}

int ssh_names_check_user(const char *name, struct err *err)
{
	return check_user(name, " \t\r\n", err);
}

int ssh_names_check_plain_user(const char *name, struct err *err)
{
	return check_user(name, " \t\r\n'`\";&<>|(){}$*?!\\", err);
}
