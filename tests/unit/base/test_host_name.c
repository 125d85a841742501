/*
 * The host's name is the one that uname(2) tells, and nothing else.
 */
#include <sys/utsname.h>

#include <string.h>

#include "base/host_name.h"
#include "cmocka_all.h"

static void as_the_system_has_it(void **state)
{
	struct host_name name = host_name_get();
	struct utsname system;

	(void)state;
	assert_int_equal(uname(&system), 0);
	assert_string_equal(name.text, system.nodename);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_system_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
