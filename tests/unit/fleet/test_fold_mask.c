/*
 * What is masked, and as important, what is not.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "fleet/fold_mask.h"

static void masks(void **state)
{
	static const struct {
		const char *line, *masked;
	} cases[] = {
		{"", ""},
		{"nothing to mask", "nothing to mask"},
		/* The name. */
		{"web-07", "<host>"},
		{"web-07.example.com", "<host>"},
		{"WEB-07.Example.com:80", "<host>:80"},
		{"root@web-07:~#", "root@<host>:~#"},
		{"web-07.other.net", "<host>.other.net"},
		{"web-077 web-07-a aweb-07 web-07_x x-web-07",
			"web-077 web-07-a aweb-07 web-07_x x-web-07"},
		{"/var/log/web-07/x.log", "/var/log/<host>/x.log"},
		/* Addresses. */
		{"10.1.2.3", "<ip>"},
		{"from 10.1.2.3 port 22", "from <ip> port 22"},
		{"10.1.2.3:443, 10.1.2.3/24.", "<ip>:443, <ip>/24."},
		{"inet 192.168.1.255.", "inet <ip>."},
		{"127.0.0.1 0.0.0.0 255.255.255.0 ::1 ::",
			"127.0.0.1 0.0.0.0 255.255.255.0 ::1 ::"},
		{"1.2.3", "1.2.3"},
		{"1.2.3.4.5", "1.2.3.4.5"},
		{"1.2.3.400", "1.2.3.400"},
		{"v1.2.3.4 1.2.3.4-5", "v1.2.3.4 1.2.3.4-5"},
		{"fe80::5054:ff:fe12:3456", "<ip>"},
		{"[2001:db8::1]:80", "[<ip>]:80"},
		{"2001:db8:0:0:0:0:0:1", "<ip>"},
		{"fe80::1%eth0", "<ip>%eth0"},
		{"52:54:00:12:34:56", "<mac>"},
		{"52:54:00:12:34:56:78", "52:54:00:12:34:56:78"},
		/* Ids. */
		{"UUID=123e4567-e89b-12d3-a456-426614174000", "UUID=<id>"},
		{"123e4567-e89b-12d3-a456-42661417400", "123e4567-e89b-12d3-a456-42661417400"},
		{"at 0x7ffd12345678", "at <pointer>"},
		{"flags 0xff", "flags 0xff"},
		{"da39a3ee5e6b4b0d3255bfef95601890afd80709  f",
			"da39a3ee5e6b4b0d3255bfef95601890afd80709  f"},
		{"commit 9fceb02", "commit 9fceb02"},
		/* Pids. */
		{"sshd[4711]: x", "sshd[<pid>]: x"},
		{"a[1] = [2]", "a[<pid>] = [2]"},
		{"Main PID: 4711 (nginx)", "Main PID: <pid> (nginx)"},
		{"pid=12 pid 13, pids 14 pid x rapid 5",
			"pid=<pid> pid <pid>, pids 14 pid x rapid 5"},
		/* Times. */
		{"2026-11-22", "<time>"},
		{"2026-11-22T08:15:02Z x", "<time> x"},
		{"2026-11-22 08:15:02,123 [INFO]", "<time> [INFO]"},
		{"2026-11-22T08:15:02.123456+02:00", "<time>"},
		{"2026/11/22 08:15", "<time>"},
		{"[22/Nov/2026:08:15:02 +0000] \"GET", "[<time>] \"GET"},
		{"Nov 22 08:15:02 web-07 cron[1]:", "<time> <host> cron[<pid>]:"},
		{"Nov  2 08:15 file", "<time> file"},
		{"Nov  2  2025 file", "<time> file"},
		{"Sun Nov 22 08:15:02 UTC 2026", "<time>"},
		{"Sun Nov 22 08:15:02 2026", "<time>"},
		{"since Sun 2026-11-22 08:15:02 UTC; 3 days ago",
			"since <time> UTC; <duration> ago"},
		{"Sun, 22 Nov", "Sun, 22 Nov"},
		{"08:15:02", "<time>"},
		{"at 8:15", "at 8:15"},
		{"ratio 08:15:02:03", "ratio 08:15:02:03"},
		{"08:99:02", "08:99:02"},
		{"2026-11-22x 2026-13-45", "2026-11-22x 2026-13-45"},
		{"March 3 Novel 4", "March 3 Novel 4"},
		/* Durations that were measured. */
		{" 08:08:48 up  4:03,  0 user", " <time> up  <duration>,  0 user"},
		{"up 12 days,  4:03,  1 user", "up <duration>,  1 user"},
		{"up 3 min", "up <duration>"},
		{"took 1.25s", "took <duration>"},
		{"done in 12 ms.", "done in <duration>."},
		{"real\t0m1.234s", "real\t<duration>"},
		{"time=0.043 ms", "time=<duration>"},
		{"5 minutes ago", "<duration> ago"},
		{"1h 2min 3s ago", "<duration> ago"},
		/* And those that were not. */
		{"timeout: 30s", "timeout: 30s"},
		{"interval 5 minutes", "interval 5 minutes"},
		{"in 3 files", "in 3 files"},
		{"up to 5", "up to 5"},
		{"12 packages", "12 packages"},
	};
	const struct fold_mask mask = fold_mask_of(str_of("web-07.example.com"));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;

		fold_mask_add(&mask, str_of(cases[i].line), &out);
		if (strcmp(out.buf, cases[i].masked) != 0) {
			print_message("'%s' gives '%s', not '%s'\n", cases[i].line, out.buf,
				cases[i].masked);
			fail();
		}
		strbuf_release(&out);
	}
}

/* Names that would be found everywhere are not looked for. */
static void short_names(void **state)
{
	struct strbuf out = STRBUF_INIT;
	const struct fold_mask a = fold_mask_of(str_of("a"));
	const struct fold_mask none = fold_mask_of(str_of(""));
	const struct fold_mask ip = fold_mask_of(str_of("10.0.0.7"));

	(void)state;
	fold_mask_add(&a, str_of("a b a"), &out);
	fold_mask_add(&none, str_of(" x"), &out);
	fold_mask_add(&ip, str_of(" 10.0.0.7 10"), &out);
	assert_string_equal(out.buf, "a b a x <host> <host>");
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks),
		cmocka_unit_test(short_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
