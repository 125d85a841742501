/*
 * A public key as it travels and as files have it, base64 around it: its type, its fingerprint.
 */
#ifndef NET_SSH_HOST_KEY_H
#define NET_SSH_HOST_KEY_H

#include <stdbool.h>

#include "base/str.h"
#include "base/strbuf.h"

/* "ssh-ed25519", which stands at the front of it; false if nothing such does. */
bool ssh_host_key_type(struct str blob, struct str *ret_type);

/* As people know the type: "ED25519", "RSA", "ECDSA"; of one not known to us, its own name. */
struct str ssh_host_key_short_type(struct str type);

/* "SHA256:uNiVztksCsDhcc0u9e8BrqXVUDEyyXLEgH2BcfNDbs8", as ssh-keygen shows it. */
void ssh_host_key_add_fingerprint(struct strbuf *out, struct str blob);

#endif
