/*
 * Keys and tables of known hosts for tests.
 */
#ifndef NET_SSH_HOSTS_FIXTURE_H
#define NET_SSH_HOSTS_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "net/ssh_host_key.h"
#include "net/ssh_hosts.h"

enum { KEY_BYTES = 32 };

/* Keys that differ: of a type, filled with a letter. */
static inline struct str blob_of(const char *type, char fill)
{
	static char bytes[8][128];
	static int next;
	char *blob = bytes[next++ % 8];
	size_t len = strlen(type);

	blob[0] = blob[1] = blob[2] = 0;
	blob[3] = (char)len;
	memcpy(blob + 4, type, len);
	memcpy(blob + 4 + len, "\0\0\0\040", 4);
	memset(blob + 8 + len, fill, KEY_BYTES);
	return str_n(blob, 8 + len + KEY_BYTES);
}

#define ED(fill) blob_of("ssh-ed25519", fill)
#define RSA(fill) blob_of("ssh-rsa", fill)

/* "ssh-ed25519 AAAA...", for a line; one of a few static places. */
static inline const char *key(struct str blob)
{
	static char texts[8][256];
	static int next;
	char *text = texts[next++ % 8];
	struct strbuf base64 = STRBUF_INIT;
	struct str type;

	assert_true(ssh_host_key_type(blob, &type));
	base64_add(&base64, blob);
	(void)snprintf(text, sizeof(texts[0]), "%.*s %s", STR_ARG(type), base64.buf);
	strbuf_release(&base64);
	return text;
}

static inline struct ssh_hosts *hosts_of(const char *text)
{
	struct ssh_hosts *hosts = ssh_hosts_new();

	ssh_hosts_read_text(hosts, str_of(text), "/k");
	return hosts;
}

static inline struct ssh_hosts_finding check(
	struct ssh_hosts *hosts, const char *host, uint16_t port, struct str blob)
{
	const struct ssh_hosts_name name = {host, port};

	return ssh_hosts_check(hosts, &name, blob);
}

static inline void assert_finding(struct ssh_hosts_finding finding, enum ssh_hosts_verdict verdict,
	size_t line, const char *what)
{
	if (finding.verdict != verdict || finding.line != line) {
		fail_msg("%s: %d in line %zu; expected %d in line %zu", what, finding.verdict,
			finding.line, verdict, line);
	}
}

#endif
