/*
 * cmocka wants these headers in front of it.  Every unit test includes this file first, and none of
 * them by itself.
 */
#ifndef TESTS_UNIT_CMOCKA_ALL_H
#define TESTS_UNIT_CMOCKA_ALL_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
// clang-format on

/* End the test here: skipped, with the reason, as the report of a test run wants it. */
static inline void skip_because(const char *reason)
{
	print_message("%s\n", reason);
	skip();
}

#endif
