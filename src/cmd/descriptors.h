/*
 * How much can be done at the same time with the descriptors that the system lets us have.
 */
#ifndef CMD_DESCRIPTORS_H
#define CMD_DESCRIPTORS_H

#include <stdint.h>

/* Raise our limit as far as we may; `wanted`, or as many as `each` descriptors are there for, but
 * one at least. */
int64_t descriptors_allow(int64_t wanted, int64_t each);

#endif
