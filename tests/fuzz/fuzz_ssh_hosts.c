/*
 * Files of known hosts: whatever they say, a key that no line has is not known.
 */
#include <stdint.h>
#include <stdlib.h>

#include "net/ssh_hosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char other_key[] = "\0\0\0\013ssh-ed25519\0\0\0\040not-in-any-file-not-in-any-file";

static void add_len(void *arg, struct str type)
{
	size_t *len = arg;

	if (type.len == 0) {
		abort();
	}
	*len += type.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ssh_hosts_name names[] = {{"web-01", 22}, {"192.0.2.1", 2222}};
	const struct str key = str_n(other_key, sizeof(other_key) - 1);
	struct ssh_hosts *hosts = ssh_hosts_new();
	size_t len = 0;

	ssh_hosts_read_text(hosts, str_n((const char *)data, size), "f");
	for (size_t i = 0; i < 2; i++) {
		struct ssh_hosts_finding finding = ssh_hosts_check(hosts, &names[i], key);

		if ((finding.verdict == SSH_HOSTS_CHANGED) != (finding.line > 0) &&
			finding.verdict != SSH_HOSTS_KNOWN &&
			finding.verdict != SSH_HOSTS_REVOKED) {
			abort();
		}
		ssh_hosts_each_type(hosts, &names[i], add_len, &len);
		if (finding.verdict == SSH_HOSTS_CHANGED && len == 0) {
			abort();
		}
		(void)ssh_hosts_has_authority(hosts, &names[i]);
	}
	ssh_hosts_free(&hosts);
	return 0;
}
