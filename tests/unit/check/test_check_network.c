/*
 * What checks over the network share.
 */
#include <errno.h>

#include <netinet/in.h>

#include "base/alloc.h"
#include "check/check_network.h"
#include "cmocka_all.h"

struct opts {
	int before;
	struct network_opts network;
};

static const struct option_row rows[] = {NETWORK_ROWS(struct opts, network), {0}};

static struct address address_of(const char *text, uint16_t port)
{
	struct address address = {0};

	assert_true(address_parse(str_of(text), port, &address));
	return address;
}

static void reads_addresses(void **state)
{
	static const struct {
		const char *text, *error; /* NULL: it is one */
	} cases[] = {
		{"192.0.2.1", NULL},
		{"2001:db8::1", NULL},
		{"[2001:db8::1]", NULL},
		{"localhost", "'localhost' is no IP address (write 192.0.2.1 or 2001:db8::1)"},
		{"192.0.2.1:80",
			"'192.0.2.1:80' is no IP address (write 192.0.2.1 or 2001:db8::1)"},
		{"127.1", "'127.1' is no IP address (write 192.0.2.1 or 2001:db8::1)"},
		{"256.0.0.1", "'256.0.0.1' is no IP address (write 192.0.2.1 or 2001:db8::1)"},
		{"", "'' is no IP address (write 192.0.2.1 or 2001:db8::1)"},
	};
	struct arena *arena = arena_new();
	const struct option_context context = {.arena = arena};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct opts opts;
		struct err err = {0};
		int status;

		option_set_defaults(rows, &context, &opts);
		status = option_parse(option_find(rows, str_of("resolve")), &context,
			str_of(cases[i].text), &opts, &err);
		assert_int_equal(status, cases[i].error ? -1 : 0);
		assert_int_equal(opts.network.resolve.sa_len > 0, !cases[i].error);
		if (cases[i].error) {
			assert_string_equal(err.msg, cases[i].error);
			assert_int_equal(err.code, ERR_INPUT);
		}
	}
	arena_free(arena);
}

static void says_how_to_dial(void **state)
{
	struct network_opts opts = {0};
	struct dial_spec spec = {.host = "x", .port = 25};

	(void)state;
	network_fill_dial(&opts, &spec);
	assert_int_equal(spec.family, ADDRESS_ANY);
	assert_null(spec.only);
	assert_null(spec.source);

	opts.family = ADDRESS_IPV6;
	opts.resolve = address_of("::1", 25);
	opts.source = address_of("::2", 0);
	network_fill_dial(&opts, &spec);
	assert_int_equal(spec.family, ADDRESS_IPV6);
	assert_ptr_equal(spec.only, &opts.resolve);
	assert_ptr_equal(spec.source, &opts.source);
	assert_string_equal(network_family_names[ADDRESS_ANY], "any");
	assert_string_equal(network_family_names[ADDRESS_IPV4], "ipv4");
	assert_string_equal(network_family_names[ADDRESS_IPV6], "ipv6");
}

static void every_failure_has_its_code(void **state)
{
	static const struct {
		enum dial_status status;
		enum check_code code;
	} cases[] = {
		{DIAL_OK, CODE_OK},
		{DIAL_DNS_FAILED, CODE_DNS_FAILED},
		{DIAL_REFUSED, CODE_CONNECTION_REFUSED},
		{DIAL_UNREACHABLE, CODE_CONNECTION_FAILED},
		{DIAL_TIMEOUT, CODE_TIMEOUT},
		{DIAL_RESET, CODE_CONNECTION_CLOSED},
		{DIAL_ERROR, CODE_LOCAL_ERROR},
	};
	struct network_opts opts = {0};
	struct dial_result no_source = {.status = DIAL_UNREACHABLE, .error = EADDRNOTAVAIL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct dial_result result = {.status = cases[i].status};

		assert_int_equal(network_dial_code(&opts, &result), cases[i].code);
	}

	/* Without a source it is about the target: we have no address of its family. */
	assert_int_equal(network_dial_code(&opts, &no_source), CODE_CONNECTION_FAILED);
	opts.source = address_of("192.0.2.99", 0);
	assert_int_equal(network_dial_code(&opts, &no_source), CODE_LOCAL_ERROR);
}

/* What was measured by the time it ended. */
static void tells_how_far_it_got(void **state)
{
	static const struct {
		enum dial_status status;
		const char *address; /* NULL: none was tried */
		bool has_connect;
	} cases[] = {
		{DIAL_OK, "2001:db8::1", true},
		{DIAL_REFUSED, "2001:db8::1", false},
		{DIAL_DNS_FAILED, NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct check_run run = {.arena = arena, .result = {.arena = arena}};
		struct dial_result dial = {
			.status = cases[i].status, .lookup_us = 1500, .connect_us = 250000};
		const struct check_value *remote;
		const struct check_value *connect;

		if (cases[i].address) {
			dial.address = address_of(cases[i].address, 443);
		}
		network_add_dial_values(&run, &dial);
		assert_float_equal(
			check_value_find(&run.result, "lookup_seconds", NULL)->number, 0.0015, 0);
		connect = check_value_find(&run.result, "connect_seconds", NULL);
		assert_int_equal(connect != NULL, cases[i].has_connect);
		if (connect) {
			assert_float_equal(connect->number, 0.25, 0);
		}
		remote = check_value_find(&run.result, "remote_address", NULL);
		assert_int_equal(remote != NULL, cases[i].address != NULL);
		if (remote) {
			assert_string_equal(remote->text, "[2001:db8::1]:443");
		}
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_addresses),
		cmocka_unit_test(says_how_to_dial),
		cmocka_unit_test(every_failure_has_its_code),
		cmocka_unit_test(tells_how_far_it_got),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
