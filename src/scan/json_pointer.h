/*
 * JSON Pointer (RFC 6901): naming one value inside a JSON document.
 */
#ifndef SCAN_JSON_POINTER_H
#define SCAN_JSON_POINTER_H

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/option.h"

/* Checks the syntax only: empty, or "/" before every reference token, "~" only as "~0" and "~1". */
int json_pointer_check(struct str pointer, struct err *);

/* The value it names (borrowed from `document`), or NULL: there is none.  `pointer` must have been
 * checked. */
const json_t *json_pointer_get(const json_t *document, struct str pointer);

#endif
