/* What OpenSSH 9.2 said to real servers, and to sockets that behaved like bad ones. */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/ssh_program_text.h"

#define CONNECTING "debug1: Connecting to 127.0.0.1 [127.0.0.1] port 4022.\r\n"
#define ESTABLISHED                                                                                \
	CONNECTING                                                                                 \
	"debug1: Connection established.\r\n"                                                      \
	"debug1: identity file /home/u/id type 3\r\n"                                              \
	"debug1: Local version string SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n"
#define GREETED                                                                                    \
	ESTABLISHED                                                                                \
	"debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1\r\n"           \
	"debug1: Authenticating to 127.0.0.1:4022 as 'root'\r\n"                                   \
	"debug1: SSH2_MSG_KEXINIT sent\r\n"
#define SHOWN                                                                                      \
	GREETED                                                                                    \
	"debug1: Server host key: ssh-ed25519 "                                                    \
	"SHA256:1bum2UPv0bPOOqzoqh+JQbUlUJX049HsxT/Mpsz5DVo\r\n"
#define EXCHANGED                                                                                  \
	SHOWN                                                                                      \
	"debug1: Host '[127.0.0.1]:4022' is known and matches the ED25519 host key.\r\n"           \
	"debug1: Found key in /home/u/kh:1\r\n"                                                    \
	"debug1: SSH2_MSG_NEWKEYS received\r\n"                                                    \
	"debug1: SSH2_MSG_SERVICE_ACCEPT received\r\n"                                             \
	"debug1: Authentications that can continue: publickey\r\n"
#define OPENED                                                                                     \
	EXCHANGED                                                                                  \
	"Authenticated to 127.0.0.1 ([127.0.0.1]:4022) using \"publickey\".\r\n"                   \
	"debug1: setting up multiplex master socket\r\n"                                           \
	"debug1: channel 0: new mux listener [/tmp/x/ctl] (inactive timeout: 0)\r\n"               \
	"debug1: Entering interactive session.\r\n"                                                \
	"debug1: pledge: id\r\n"
#define PROXY                                                                                      \
	"debug1: Setting implicit ProxyCommand from ProxyJump: ssh -F jc -W '[%h]:%p' bastion\r\n" \
	"debug1: Executing proxy command: exec ssh -F jc -W '[127.0.0.1]:4022' bastion\r\n"        \
	"debug1: Local version string SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n"
#define PROXY_GONE                                                                                 \
	"kex_exchange_identification: Connection closed by remote host\r\n"                        \
	"Connection closed by UNKNOWN port 65535\r\n"
#define CHANGED                                                                                    \
	"@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r\n"                          \
	"@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n"                          \
	"@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r\n"                          \
	"IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r\n"                                \
	"Someone could be eavesdropping on you right now (man-in-the-middle attack)!\r\n"          \
	"It is also possible that a host key has just been changed.\r\n"                           \
	"The fingerprint for the ED25519 key sent by the remote host is\n"                         \
	"SHA256:1bum2UPv0bPOOqzoqh+JQbUlUJX049HsxT/Mpsz5DVo.\r\n"                                  \
	"Please contact your system administrator.\r\n"                                            \
	"Add correct host key in /home/u/kh to get rid of this message.\r\n"                       \
	"Offending RSA key in /home/u/kh:12\r\n"                                                   \
	"  remove with:\r\n"                                                                       \
	"  ssh-keygen -f \"/home/u/kh\" -R \"[127.0.0.1]:4022\"\r\n"                               \
	"Host key for [127.0.0.1]:4022 has changed and you have requested strict checking.\r\n"    \
	"Host key verification failed.\r\n"
#define SHOWN_KEY "ED25519 SHA256:1bum2UPv0bPOOqzoqh+JQbUlUJX049HsxT/Mpsz5DVo"

static const struct row {
	const char *said;
	enum ssh_end_cause cause;
	enum ssh_phase phase;
	const char *line;
	const char *host, *key, *path; /* NULL: none */
	size_t line_number;
} rows[] = {
	/* on the way */
	{"ssh: Could not resolve hostname no-such-host.invalid: Name or service not known\r\n",
		SSH_END_DNS, SSH_PHASE_LOOKUP,
		"ssh: Could not resolve hostname no-such-host.invalid: Name or service not known"},
	{CONNECTING "debug1: connect to address 127.0.0.1 port 4039: Connection refused\r\n"
		    "ssh: connect to host 127.0.0.1 port 4039: Connection refused\r\n",
		SSH_END_REFUSED, SSH_PHASE_CONNECT,
		"ssh: connect to host 127.0.0.1 port 4039: Connection refused"},
	{CONNECTING "ssh: connect to host 192.0.2.1 port 22: No route to host\r\n",
		SSH_END_UNREACHABLE, SSH_PHASE_CONNECT,
		"ssh: connect to host 192.0.2.1 port 22: No route to host"},
	{CONNECTING "ssh: connect to host 192.0.2.1 port 22: Permission denied\r\n",
		SSH_END_UNREACHABLE, SSH_PHASE_CONNECT,
		"ssh: connect to host 192.0.2.1 port 22: Permission denied"},
	{CONNECTING "ssh: connect to host 192.0.2.1 port 22: Connection timed out\r\n",
		SSH_END_TIMEOUT, SSH_PHASE_CONNECT,
		"ssh: connect to host 192.0.2.1 port 22: Connection timed out"},
	{ESTABLISHED "Connection timed out during banner exchange\r\n"
		     "Connection to 127.0.0.1 port 4060 timed out\r\n",
		SSH_END_TIMEOUT, SSH_PHASE_GREETING, "Connection timed out during banner exchange"},

	/* servers that have too many */
	{ESTABLISHED "kex_exchange_identification: read: Connection reset by peer\r\n"
		     "Connection reset by 127.0.0.1 port 4041\r\n",
		SSH_END_DROPPED, SSH_PHASE_GREETING,
		"kex_exchange_identification: read: Connection reset by peer"},
	{ESTABLISHED "kex_exchange_identification: Connection closed by remote host\r\n"
		     "Connection closed by 127.0.0.1 port 4031\r\n",
		SSH_END_DROPPED, SSH_PHASE_GREETING,
		"kex_exchange_identification: Connection closed by remote host"},
	{ESTABLISHED "debug1: kex_exchange_identification: banner line 0: Exceeded MaxStartups\r\n"
		     "kex_exchange_identification: read: Connection reset by peer\r\n"
		     "Connection reset by 127.0.0.1 port 4047\r\n",
		SSH_END_DROPPED, SSH_PHASE_GREETING, "Exceeded MaxStartups"},
	{ESTABLISHED
		"debug1: kex_exchange_identification: banner line 0: Not allowed at this time\r\n"
		"kex_exchange_identification: read: Connection reset by peer\r\n"
		"Connection reset by 127.0.0.1 port 4046\r\n",
		SSH_END_DROPPED, SSH_PHASE_GREETING, "Not allowed at this time"},
	{GREETED "Connection closed by 127.0.0.1 port 4048\r\n", SSH_END_DROPPED, SSH_PHASE_KEX,
		"Connection closed by 127.0.0.1 port 4048"},

	/* no such server */
	{ESTABLISHED
		"debug1: kex_exchange_identification: banner line 0: HTTP/1.1 400 Bad Request\r\n"
		"debug1: kex_exchange_identification: banner line 1: \r\n"
		"kex_exchange_identification: Connection closed by remote host\r\n"
		"Connection closed by 127.0.0.1 port 4043\r\n",
		SSH_END_NOT_SSH, SSH_PHASE_GREETING, "HTTP/1.1 400 Bad Request"},
	{ESTABLISHED "kex_exchange_identification: banner line contains invalid characters\r\n"
		     "banner exchange: Connection to 127.0.0.1 port 4044: invalid format\r\n",
		SSH_END_NOT_SSH, SSH_PHASE_GREETING,
		"kex_exchange_identification: banner line contains invalid characters"},
	{ESTABLISHED "debug1: kex_exchange_identification: banner line 0: nonsense\r\n"
		     "kex_exchange_identification: No SSH version received in first 1024 lines "
		     "from server\r\n"
		     "banner exchange: Connection to 127.0.0.1 port 4045: invalid format\r\n",
		SSH_END_NOT_SSH, SSH_PHASE_GREETING,
		"kex_exchange_identification: No SSH version received in first 1024 lines from "
		"server"},
	{ESTABLISHED "debug1: Remote protocol version 1.5, remote software version x\r\n"
		     "Protocol major versions differ: 2 vs. 1\r\n"
		     "banner exchange: Connection to 127.0.0.1 port 4050: could not read protocol "
		     "version\r\n",
		SSH_END_NOT_SSH, SSH_PHASE_KEX, "Protocol major versions differ: 2 vs. 1"},
	{GREETED "Bad packet length 0.\r\n"
		 "ssh_dispatch_run_fatal: Connection to 127.0.0.1 port 4049: message "
		 "authentication code incorrect\r\n",
		SSH_END_KEX, SSH_PHASE_KEX, "Bad packet length 0"},
	{GREETED "Unable to negotiate with 127.0.0.1 port 4022: no matching cipher found. Their "
		 "offer: aes128-ctr\r\n",
		SSH_END_KEX, SSH_PHASE_KEX,
		"Unable to negotiate with 127.0.0.1 port 4022: no matching cipher found. Their "
		"offer: aes128-ctr"},

	/* host keys */
	{SHOWN "No ED25519 host key is known for [127.0.0.1]:4022 and you have requested strict "
	       "checking.\r\nHost key verification failed.\r\n",
		SSH_END_HOST_KEY_UNKNOWN, SSH_PHASE_KEX,
		"No ED25519 host key is known for [127.0.0.1]:4022 and you have requested strict "
		"checking",
		"[127.0.0.1]:4022", SHOWN_KEY, NULL, 0},
	{SHOWN CHANGED, SSH_END_HOST_KEY_CHANGED, SSH_PHASE_KEX,
		"Host key for [127.0.0.1]:4022 has changed and you have requested strict checking",
		"[127.0.0.1]:4022", SHOWN_KEY, "/home/u/kh", 12},
	{SHOWN "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r\n"
	       "@       WARNING: REVOKED HOST KEY DETECTED!               @\r\n"
	       "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r\n"
	       "The ED25519 host key for [127.0.0.1]:4022 is marked as revoked.\r\n"
	       "This could mean that a stolen key is being used to\r\n"
	       "impersonate this host.\r\n"
	       "ED25519 host key for [127.0.0.1]:4022 was revoked and you have requested strict "
	       "checking.\r\nHost key verification failed.\r\n",
		SSH_END_HOST_KEY_REVOKED, SSH_PHASE_KEX,
		"ED25519 host key for [127.0.0.1]:4022 was revoked and you have requested strict "
		"checking",
		"[127.0.0.1]:4022", SHOWN_KEY, NULL, 0},
	{SHOWN "Host key ED25519 SHA256:1bum2UPv0bPOOqzoqh+JQbUlUJX049HsxT/Mpsz5DVo revoked by "
	       "file /home/u/revoked\r\nHost key verification failed.\r\n",
		SSH_END_HOST_KEY_REVOKED, SSH_PHASE_KEX,
		"Host key ED25519 SHA256:1bum2UPv0bPOOqzoqh+JQbUlUJX049HsxT/Mpsz5DVo revoked by "
		"file /home/u/revoked",
		NULL, SHOWN_KEY, "/home/u/revoked", 0},

	/* authentication */
	{EXCHANGED "nosuch@127.0.0.1: Permission denied (publickey).\r\n", SSH_END_AUTH,
		SSH_PHASE_AUTH, "nosuch@127.0.0.1: Permission denied (publickey)", NULL, SHOWN_KEY},
	{EXCHANGED "Received disconnect from 127.0.0.1 port 4022:2: Too many authentication "
		   "failures\r\nDisconnected from 127.0.0.1 port 4022\r\n",
		SSH_END_AUTH, SSH_PHASE_AUTH,
		"Received disconnect from 127.0.0.1 port 4022:2: Too many authentication failures",
		NULL, SHOWN_KEY},
	{EXCHANGED "Connection closed by 127.0.0.1 port 4022\r\n", SSH_END_CLOSED, SSH_PHASE_AUTH,
		"Connection closed by 127.0.0.1 port 4022", NULL, SHOWN_KEY},
	/* A server that sends such words for people has shown who it is. */
	{EXCHANGED "Host key verification failed.\r\nssh: Could not resolve hostname x: y\r\n"
		   "debug1: Connecting to 127.0.0.1\r\n"
		   "root@127.0.0.1: Permission denied (publickey).\r\n",
		SSH_END_AUTH, SSH_PHASE_AUTH, "root@127.0.0.1: Permission denied (publickey)", NULL,
		SHOWN_KEY},

	/* after it */
	{OPENED "Connection to 127.0.0.1 closed by remote host.\r\n"
		"Transferred: sent 3316, received 3148 bytes, in 1.1 seconds\r\n"
		"Bytes per second: sent 2921.0, received 2773.0\r\ndebug1: Exit status -1\r\n",
		SSH_END_CLOSED, SSH_PHASE_OPEN, "Connection to 127.0.0.1 closed by remote host",
		NULL, SHOWN_KEY},
	{OPENED "Timeout, server 127.0.0.1 not responding.\r\n", SSH_END_SILENT, SSH_PHASE_OPEN,
		"Timeout, server 127.0.0.1 not responding", NULL, SHOWN_KEY},
	{OPENED "Read from remote host 127.0.0.1: Connection reset by peer\r\n", SSH_END_CLOSED,
		SSH_PHASE_OPEN, "Read from remote host 127.0.0.1: Connection reset by peer", NULL,
		SHOWN_KEY},
	{OPENED "client_loop: send disconnect: Broken pipe\r\n", SSH_END_CLOSED, SSH_PHASE_OPEN,
		"client_loop: send disconnect: Broken pipe", NULL, SHOWN_KEY},
	{OPENED, SSH_END_CLOSED, SSH_PHASE_OPEN, "", NULL, SHOWN_KEY},

	/* through a bastion, or another way of one's own */
	{PROXY "ssh: connect to host 127.0.0.1 port 4039: Connection refused\r\n" PROXY_GONE,
		SSH_END_REFUSED, SSH_PHASE_GREETING,
		"ssh: connect to host 127.0.0.1 port 4039: Connection refused"},
	{PROXY "channel 0: open failed: connect failed: Connection refused\r\n"
	       "stdio forwarding failed\r\n" PROXY_GONE,
		SSH_END_REFUSED, SSH_PHASE_GREETING,
		"channel 0: open failed: connect failed: Connection refused"},
	{PROXY "channel 0: open failed: connect failed: Name or service not known\r\n"
	       "stdio forwarding failed\r\n" PROXY_GONE,
		SSH_END_DNS, SSH_PHASE_LOOKUP,
		"channel 0: open failed: connect failed: Name or service not known"},
	{PROXY "channel 0: open failed: administratively prohibited: open failed\r\n"
	       "stdio forwarding failed\r\n" PROXY_GONE,
		SSH_END_UNREACHABLE, SSH_PHASE_GREETING,
		"channel 0: open failed: administratively prohibited: open failed"},
	{PROXY "kex_exchange_identification: read: Connection reset by peer\r\n"
	       "Connection reset by 127.0.0.1 port 4071\r\n" PROXY_GONE,
		SSH_END_DROPPED, SSH_PHASE_GREETING,
		"kex_exchange_identification: read: Connection reset by peer"},
	{PROXY "root@127.0.0.1: Permission denied (publickey).\r\n" PROXY_GONE, SSH_END_AUTH,
		SSH_PHASE_GREETING, "root@127.0.0.1: Permission denied (publickey)"},
	{PROXY CHANGED PROXY_GONE, SSH_END_HOST_KEY_CHANGED, SSH_PHASE_GREETING,
		"Host key for [127.0.0.1]:4022 has changed and you have requested strict checking",
		"[127.0.0.1]:4022", SHOWN_KEY, "/home/u/kh", 12},
	{PROXY "/bin/bash: line 1: /no/such/program: No such file or directory\r\n" PROXY_GONE,
		SSH_END_UNREACHABLE, SSH_PHASE_GREETING,
		"/bin/bash: line 1: /no/such/program: No such file or directory"},
	{PROXY PROXY_GONE, SSH_END_UNREACHABLE, SSH_PHASE_GREETING,
		"kex_exchange_identification: Connection closed by remote host"},

	/* on our side */
	{"command-line: line 0: Bad configuration option: foo\r\n", SSH_END_LOCAL, SSH_PHASE_LOOKUP,
		"command-line: line 0: Bad configuration option: foo"},
	{"/home/u/.ssh/config: line 1: Bad configuration option: bogus\r\n"
	 "/home/u/.ssh/config: terminating, 1 bad configuration options\r\n",
		SSH_END_LOCAL, SSH_PHASE_LOOKUP,
		"/home/u/.ssh/config: line 1: Bad configuration option: bogus"},
	{"Can't open user config file /no/such: No such file or directory\r\n", SSH_END_LOCAL,
		SSH_PHASE_LOOKUP,
		"Can't open user config file /no/such: No such file or directory"},
	{"Bad owner or permissions on /home/u/.ssh/config\r\n", SSH_END_LOCAL, SSH_PHASE_LOOKUP,
		"Bad owner or permissions on /home/u/.ssh/config"},
	{"No user exists for uid 12345\r\n", SSH_END_LOCAL, SSH_PHASE_LOOKUP,
		"No user exists for uid 12345"},
	{"", SSH_END_LOCAL, SSH_PHASE_LOOKUP, ""},
	{"a line that has no end", SSH_END_LOCAL, SSH_PHASE_LOOKUP, ""},
};

static void assert_str(struct str found, const char *expected)
{
	char *text = xstrndup(found.ptr, found.len);

	assert_string_equal(text, expected ? expected : "");
	free(text);
}

static void assert_judged(const struct ssh_program_text *text, const struct row *row)
{
	struct ssh_program_finding finding;

	ssh_program_text_judge(text, &finding);
	assert_str(finding.line, row->line);
	assert_int_equal(finding.cause, row->cause);
	assert_int_equal(finding.phase, row->phase);
	assert_str(finding.host, row->host);
	if (row->key) {
		assert_str(finding.key, row->key);
	}
	assert_str(finding.path, row->path);
	assert_int_equal(finding.line_number, row->line_number);
}

static void tells_why_it_ended(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str said = str_of(rows[i].said);
		struct ssh_program_text *whole = ssh_program_text_new("");
		struct ssh_program_text *pieces = ssh_program_text_new("");

		ssh_program_text_add(whole, said);
		assert_judged(whole, &rows[i]);
		for (size_t j = 0; j < said.len; j++) {
			ssh_program_text_add(pieces, str_sub(said, j, 1));
		}
		assert_judged(pieces, &rows[i]);
		ssh_program_text_free(&whole);
		ssh_program_text_free(&pieces);
		assert_null(whole);
	}
}

static void tells_how_far_it_is(void **state)
{
	static const struct {
		const char *said;
		enum ssh_phase phase;
	} phases[] = {
		{"", SSH_PHASE_LOOKUP},
		{CONNECTING, SSH_PHASE_CONNECT},
		{PROXY, SSH_PHASE_GREETING},
		{ESTABLISHED, SSH_PHASE_GREETING},
		{GREETED, SSH_PHASE_KEX},
		{SHOWN, SSH_PHASE_KEX},
		{EXCHANGED, SSH_PHASE_AUTH},
		{OPENED, SSH_PHASE_OPEN},
		{OPENED CONNECTING, SSH_PHASE_OPEN}, /* never back */
		{"Entering interactive session.\r\n", SSH_PHASE_LOOKUP},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(phases); i++) {
		struct ssh_program_text *text = ssh_program_text_new("");

		ssh_program_text_add(text, str_of(phases[i].said));
		assert_int_equal(ssh_program_text_phase(text), phases[i].phase);
		ssh_program_text_free(&text);
	}
}

static void takes_marked_lines_out(void **state)
{
	struct ssh_program_text *text = ssh_program_text_new("secret:");
	struct ssh_program_finding finding;
	struct str rest;

	(void)state;
	assert_false(ssh_program_text_take_mark(text, &rest));
	ssh_program_text_add(text, str_of("secret:12"));
	assert_false(ssh_program_text_take_mark(text, &rest));
	ssh_program_text_add(text, str_of("34\nnot secret:5\n"));
	assert_true(ssh_program_text_take_mark(text, &rest));
	assert_str(rest, "1234");
	assert_false(ssh_program_text_take_mark(text, &rest));
	ssh_program_text_judge(text, &finding);
	assert_str(finding.line, "not secret:5");
	ssh_program_text_free(&text);
}

static void tells_what_was_refused(void **state)
{
	static const char request[] = "debug2: channel 2: request exec confirm 1\r\n";
	static const char refusal[] = "debug2: channel_input_status_confirm: type 100 id 2\r\n";
	struct ssh_program_text *text = ssh_program_text_new("");

	(void)state;
	ssh_program_text_add(text, str_of(OPENED));
	ssh_program_text_add(text, str_of(request));
	assert_false(ssh_program_text_take_refusal(text, 2));
	ssh_program_text_add(text, str_of(refusal));
	assert_false(ssh_program_text_take_refusal(text, 1));
	assert_true(ssh_program_text_take_refusal(text, 2));
	assert_false(ssh_program_text_take_refusal(text, 2));
	ssh_program_text_add(text, str_of(refusal));
	ssh_program_text_add(text, str_of(request)); /* of the next one there */
	assert_false(ssh_program_text_take_refusal(text, 2));
	/* older versions have no colon there; what was accepted; what is none of ours */
	ssh_program_text_add(text, str_of("debug2: channel_input_status_confirm type 100 id 63\r\n"
					  "debug2: channel_input_status_confirm: type 99 id 4\r\n"
					  "debug2: channel_input_status_confirm: type 100 id 64\r\n"
					  "debug2: channel_input_status_confirm: type 100 id x\r\n"
					  "debug2: channel_input_status_confirm: type 100 id \r\n"
					  "channel_input_status_confirm: type 100 id 5\r\n"));
	assert_true(ssh_program_text_take_refusal(text, 63));
	for (uint32_t channel = 0; channel < 70; channel++) {
		assert_false(ssh_program_text_take_refusal(text, channel));
	}
	ssh_program_text_free(&text);
}

/* Whatever it is told, it keeps a few kilobytes. */
static void keeps_little_of_endless_lines(void **state)
{
	struct ssh_program_text *text = ssh_program_text_new("");
	struct ssh_program_finding finding;
	char piece[4096];

	(void)state;
	memset(piece, 'x', sizeof(piece));
	ssh_program_text_add(text, str_of("Permission denied ("));
	for (int i = 0; i < 1000; i++) {
		ssh_program_text_add(text, str_n(piece, sizeof(piece)));
	}
	ssh_program_text_add(text, str_of("\n"));
	ssh_program_text_judge(text, &finding);
	assert_int_equal(finding.cause, SSH_END_AUTH);
	assert_in_range(finding.line.len, 20, 2048);
	ssh_program_text_free(&text);
	ssh_program_text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_why_it_ended),
		cmocka_unit_test(tells_how_far_it_is),
		cmocka_unit_test(takes_marked_lines_out),
		cmocka_unit_test(tells_what_was_refused),
		cmocka_unit_test(keeps_little_of_endless_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
