/*
 * Addresses from text and back.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/address.h"

static void test_text(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *ip, *ip_port; /* NULL: no address */
		enum address_family family;
	} cases[] = {
		{"192.0.2.1", "192.0.2.1", "192.0.2.1:80", ADDRESS_IPV4},
		{"0.0.0.0", "0.0.0.0", "0.0.0.0:80", ADDRESS_IPV4},
		{"255.255.255.255", "255.255.255.255", "255.255.255.255:80", ADDRESS_IPV4},
		{"::1", "::1", "[::1]:80", ADDRESS_IPV6},
		{"[::1]", "::1", "[::1]:80", ADDRESS_IPV6},
		{"2001:DB8:0:0::1", "2001:db8::1", "[2001:db8::1]:80", ADDRESS_IPV6},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:80", ADDRESS_IPV6},
		{"fe80::1%lo", "fe80::1%lo", "[fe80::1%lo]:80", ADDRESS_IPV6},
		{"[fe80::1%lo]", "fe80::1%lo", "[fe80::1%lo]:80", ADDRESS_IPV6},
		{"fe80::1%999999", "fe80::1%999999", "[fe80::1%999999]:80", ADDRESS_IPV6},
		{"", NULL, NULL, 0},
		{"[]", NULL, NULL, 0},
		{"[", NULL, NULL, 0},
		{"localhost", NULL, NULL, 0},
		{"127.1", NULL, NULL, 0},
		{"1.2.3.256", NULL, NULL, 0},
		{"1.2.3.4.5", NULL, NULL, 0},
		{"1.2.3.4 ", NULL, NULL, 0},
		{"1.2.3.4:80", NULL, NULL, 0},
		{"[1.2.3.4]", NULL, NULL, 0},
		{"1.2.3.4%lo", NULL, NULL, 0},
		{"::1::", NULL, NULL, 0},
		{"::g", NULL, NULL, 0},
		{"[::1", NULL, NULL, 0},
		{"fe80::1%", NULL, NULL, 0},
		{"fe80::1%no-such-interface", NULL, NULL, 0},
		{"fe80::1%0", NULL, NULL, 0},
		{"fe80::1%99999999999999999999", NULL, NULL, 0},
		{"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", NULL, NULL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;
		struct address address;

		if (!cases[i].ip) {
			assert_false(address_parse(str_of(cases[i].text), 80, &address));
			continue;
		}
		assert_true(address_parse(str_of(cases[i].text), 80, &address));
		assert_int_equal(address_family_of(&address), cases[i].family);
		assert_int_equal(address_port(&address), 80);
		address_add_ip(&address, &out);
		assert_string_equal(out.buf, cases[i].ip);
		strbuf_clear(&out);
		address_add_ip_port(&address, &out);
		assert_string_equal(out.buf, cases[i].ip_port);
		strbuf_release(&out);
	}
}

static void test_nul_inside(void **state)
{
	(void)state;
	struct address address;

	assert_false(address_parse(str_n("1.2.3.4\0x", 9), 80, &address));
	assert_false(address_parse(str_n("::1\0", 4), 80, &address));
}

static void test_port(void **state)
{
	(void)state;
	static const char *const texts[] = {"192.0.2.1", "2001:db8::1"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct address address;

		assert_true(address_parse(str_of(texts[i]), 0, &address));
		assert_int_equal(address_port(&address), 0);
		address_set_port(&address, 65535);
		assert_int_equal(address_port(&address), 65535);
	}
}

static struct address parsed(const char *text, uint16_t port)
{
	struct address address;

	assert_true(address_parse(str_of(text), port, &address));
	return address;
}

static void test_eq(void **state)
{
	(void)state;
	static const struct {
		const char *a;
		uint16_t a_port;
		const char *b;
		uint16_t b_port;
		bool is_equal;
	} cases[] = {
		{"192.0.2.1", 80, "192.0.2.1", 80, true},
		{"192.0.2.1", 80, "192.0.2.2", 80, false},
		{"192.0.2.1", 80, "192.0.2.1", 81, false},
		{"::1", 80, "0:0::1", 80, true},
		{"::1", 80, "::2", 80, false},
		{"fe80::1%1", 80, "fe80::1%2", 80, false},
		{"::", 80, "0.0.0.0", 80, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address a = parsed(cases[i].a, cases[i].a_port);
		struct address b = parsed(cases[i].b, cases[i].b_port);

		assert_int_equal(address_eq(&a, &b), cases[i].is_equal);
		assert_int_equal(address_eq(&b, &a), cases[i].is_equal);
	}
}

static void test_from_sockaddr(void **state)
{
	(void)state;
	struct address ipv4 = parsed("192.0.2.1", 80);
	struct address ipv6 = parsed("2001:db8::1", 443);
	struct sockaddr other = {.sa_family = AF_UNIX};
	struct address copy;

	assert_true(address_from_sockaddr(&ipv4.sa.any, &copy));
	assert_true(address_eq(&ipv4, &copy));
	assert_int_equal(copy.sa_len, sizeof(struct sockaddr_in));
	assert_true(address_from_sockaddr(&ipv6.sa.any, &copy));
	assert_true(address_eq(&ipv6, &copy));
	assert_int_equal(copy.sa_len, sizeof(struct sockaddr_in6));
	assert_false(address_from_sockaddr(&other, &copy));
}

static void test_loopback(void **state)
{
	static const struct {
		const char *text;
		bool is_loopback;
	} cases[] = {
		{"127.0.0.1", true},
		{"127.255.0.9", true},
		{"128.0.0.1", false},
		{"126.255.255.255", false},
		{"0.0.0.0", false},
		{"10.0.0.127", false},
		{"::1", true},
		{"::2", false},
		{"::", false},
		{"::ffff:127.0.0.1", true},
		{"::ffff:10.0.0.1", false},
		{"fe80::1", false},
		{"2001:db8::7f00:1", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address address;

		assert_true(address_parse(str_of(cases[i].text), 25, &address));
		if (address_is_loopback(&address) != cases[i].is_loopback) {
			fail_msg("'%s'", cases[i].text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_nul_inside),
		cmocka_unit_test(test_port),
		cmocka_unit_test(test_eq),
		cmocka_unit_test(test_from_sockaddr),
		cmocka_unit_test(test_loopback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
