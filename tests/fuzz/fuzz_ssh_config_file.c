/*
 * Files of ssh_config: the same host gets the same lines and the same signature each time.
 */
#include <stdint.h>
#include <stdlib.h>

#include "net/ssh_config_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ssh_config_file *file = ssh_config_file_of_text(str_n((const char *)data, size));
	struct strbuf one = STRBUF_INIT, other = STRBUF_INIT;
	const struct ssh_config_name name = {.alias = "web-01", .address = "192.0.2.7"};
	struct str hostname;
	bool is_shared = ssh_config_file_add_signature(file, &name, &one);

	ssh_config_file_add_lines(file, &name, &one);
	if (ssh_config_file_add_signature(file, &name, &other) != is_shared) {
		abort();
	}
	ssh_config_file_add_lines(file, &name, &other);
	if (!str_eq(strbuf_str(&one), strbuf_str(&other))) {
		abort();
	}
	(void)ssh_config_file_hostname(file, "web-01", &hostname);
	if (ssh_config_file_has_changed(file)) {
		abort(); /* it stands on no file */
	}
	ssh_config_file_free(&file);
	strbuf_release(&one);
	strbuf_release(&other);
	return 0;
}
