/*
 * Tests against real servers by either transport.
 */
#ifndef TESTS_UNIT_FLEET_TRANSPORT_FIXTURE_H
#define TESTS_UNIT_FLEET_TRANSPORT_FIXTURE_H

#include "cmocka_all.h"
#include "fleet/host_fixture.h"
#include "net/ssh_login.h"
#include "support/ssh_server.h"

enum { GONE_MS = 60000 /* 5 s are promised, and the machine may be busy */ };

/* By which the test goes. */
static enum ssh_transport transport;

/* No process of the group is left, soon. */
static inline void assert_gone(int64_t group)
{
	const struct host host = {.pid = (pid_t)group, .group = (pid_t)group};

	assert_true(group > 1);
	host_gone(&host, GONE_MS);
}

static inline int start_native(void **state)
{
	transport = SSH_TRANSPORT_NATIVE;
	return ssh_fixture_start(state);
}

static inline int start_openssh(void **state)
{
	transport = SSH_TRANSPORT_OPENSSH;
	return ssh_fixture_start(state);
}

#define TEST_NATIVE(name) cmocka_unit_test_setup_teardown(name, start_native, ssh_fixture_end)

/* By our own sessions, and through the program ssh. */
#define TEST(name)                                                                                 \
	TEST_NATIVE(name),                                                                         \
	{                                                                                          \
#name "_openssh", name, start_openssh, ssh_fixture_end, NULL                       \
	}

#endif
