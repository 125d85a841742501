/*
 * See ssh_algorithms.h.
 */
#include "net/ssh_algorithms.h"

#include <assert.h>

#include "base/alloc.h"

struct choice {
	const char *name;
	const char *ours;
};

static const struct choice choices[] = {
	[SSH_ALGORITHMS_KEX] = {"KexAlgorithms",
		"curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,"
		"ecdh-sha2-nistp521,ecdh-sha2-nistp384,diffie-hellman-group14-sha256"},
	[SSH_ALGORITHMS_HOST_KEY] = {"HostKeyAlgorithms",
		"ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
		"rsa-sha2-512,rsa-sha2-256"},
	[SSH_ALGORITHMS_CIPHER] = {"Ciphers",
		"aes256-gcm@openssh.com,aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,"
		"aes256-ctr,aes192-ctr,aes128-ctr"},
	[SSH_ALGORITHMS_MAC] = {"MACs",
		"hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,"
		"hmac-sha2-512"},
	[SSH_ALGORITHMS_USER_KEY] = {"PubkeyAcceptedAlgorithms",
		"ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,"
		"ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521-cert-v01@openssh.com,"
		"rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,"
		"sk-ssh-ed25519-cert-v01@openssh.com,sk-ecdsa-sha2-nistp256-cert-v01@openssh.com,"
		"ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
		"sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com,"
		"rsa-sha2-512,rsa-sha2-256"},
};

static_assert(ARRAY_LEN(choices) == SSH_ALGORITHMS_MAX, "a choice for each");

const char *ssh_algorithms_name(enum ssh_algorithms algorithms)
{
	return choices[algorithms].name;
}

static bool has(struct str list, char sep, struct str name)
{
	struct str each;

	while (str_split(&list, sep, &each)) {
		if (str_eq(each, name)) {
			return true;
		}
	}
	return false;
}

/* The type of the key that the algorithm signs with. */
static struct str key_type(struct str algorithm)
{
	return str_starts(algorithm, "rsa-sha2-") ? str_of("ssh-rsa") : algorithm;
}

enum part {
	PART_ALL,
	PART_FIRST,
	PART_REST,
};

static size_t add(
	struct str ours, const char *allowed, enum part part, struct str first, struct strbuf *out)
{
	size_t count = 0;
	struct str name;

	while (str_split(&ours, ',', &name)) {
		if ((allowed && !has(str_of(allowed), ',', name)) ||
			(part != PART_ALL &&
				has(first, ' ', key_type(name)) != (part == PART_FIRST))) {
			continue;
		}
		strbuf_addf(out, "%s%.*s", out->len > 0 ? "," : "", STR_ARG(name));
		count++;
	}
	return count;
}

bool ssh_algorithms_choose(enum ssh_algorithms algorithms, const char *allowed, struct strbuf *out)
{
	struct strbuf chosen = STRBUF_INIT;
	size_t count =
		add(str_of(choices[algorithms].ours), allowed, PART_ALL, str_n("", 0), &chosen);

	strbuf_addstr(out, strbuf_str(&chosen));
	strbuf_release(&chosen);
	return count > 0;
}

bool ssh_algorithms_choose_host_keys(const char *allowed, struct str first, struct strbuf *out)
{
	struct str ours = str_of(choices[SSH_ALGORITHMS_HOST_KEY].ours);
	struct strbuf chosen = STRBUF_INIT;
	size_t count = add(ours, allowed, PART_FIRST, first, &chosen);

	count += add(ours, allowed, PART_REST, first, &chosen);
	strbuf_addstr(out, strbuf_str(&chosen));
	strbuf_release(&chosen);
	return count > 0;
}

bool ssh_algorithms_choose_other_host_keys(
	const char *allowed, const char *offered, struct str shown, struct strbuf *out)
{
	struct str ours = str_of(choices[SSH_ALGORITHMS_HOST_KEY].ours);
	struct strbuf wanted = STRBUF_INIT, chosen = STRBUF_INIT;
	size_t count = 0;

	if (add(ours, allowed, PART_REST, shown, &wanted) > 0) {
		count = add(strbuf_str(&wanted), offered, PART_ALL, shown, &chosen);
	}
	strbuf_addstr(out, strbuf_str(&chosen));
	strbuf_release(&wanted);
	strbuf_release(&chosen);
	return count > 0;
}
