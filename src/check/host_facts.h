/*
 * What is known of one machine, put together from named texts.
 *
 * Whoever collects (host_local.c here, host_remote.c elsewhere) hands over sections: the
 * content of files under /proc and a few lines in formats of our own.  Sections may come in any
 * order and may be missing, cut short or nonsense; what could not be read stays NaN or NULL and is
 * "not measured", never zero.
 *
 *   hostname       the name                       loadavg        /proc/loadavg
 *   uptime         /proc/uptime                   meminfo        /proc/meminfo
 *   stat           /proc/stat; twice, some time   mountinfo      /proc/self/mountinfo
 *                  apart: the second is compared  fstab          /etc/fstab
 *                  with the first                 spaces         see host_mounts_add_spaces()
 *   processes      lines of /proc/PID/stat; more  pressure/cpu   /proc/pressure/cpu
 *                  than once: they add up         pressure/memory, pressure/io
 *   page_size      of the memory, in bytes        reboot         "required" or "not required"
 *   clock          "synchronised=yes", "offset_seconds=-0.000012", "error_seconds=0.016"
 */
#ifndef CHECK_HOST_FACTS_H
#define CHECK_HOST_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "check/host_mounts.h"

/* CPU time since boot in the kernel's ticks, in the order of /proc/stat.  Guests' time is in user
 * and nice already. */
enum host_cpu_field {
	HOST_CPU_USER,
	HOST_CPU_NICE,
	HOST_CPU_SYSTEM,
	HOST_CPU_IDLE,
	HOST_CPU_IOWAIT,
	HOST_CPU_IRQ,
	HOST_CPU_SOFTIRQ,
	HOST_CPU_STEAL,
	HOST_CPU_FIELD_MAX,
};

struct host_cpu_times {
	double ticks[HOST_CPU_FIELD_MAX];
};

struct host_memory {
	double total, available; /* bytes; NaN: not known */
	double swap_total, swap_free;
};

enum host_resource {
	HOST_CPU,
	HOST_MEMORY,
	HOST_IO,
	HOST_RESOURCE_MAX,
};

/* Pressure stall information: percent of time in which some, or all, tasks waited. */
struct host_pressure {
	double some_avg10, some_avg60;
	double full_avg10, full_avg60;
};

enum host_reboot {
	HOST_REBOOT_NOT_KNOWN,
	HOST_REBOOT_REQUIRED,
	HOST_REBOOT_NOT_REQUIRED,
};

struct host_process {
	int64_t pid, parent;
	const char *name; /* safe to print */
	double resident_pages;
};

enum { HOST_PROCESSES_SHOWN = 5 };

struct host_facts {
	struct arena *arena;  /* owns all texts */
	const char *hostname; /* safe to print; NULL: not known */
	double uptime_s;
	double load[3];
	int cpu_count; /* 0: not known */
	struct host_cpu_times cpu[2];
	int cpu_samples; /* 0 to 2 */
	struct host_memory memory;
	struct host_pressure pressure[HOST_RESOURCE_MAX];
	struct host_mounts mounts;
	double clock_synchronised; /* 0 or 1 */
	double clock_offset_s, clock_error_s;
	enum host_reboot reboot;
	double page_size;
	int64_t processes; /* -1: not counted */
	int64_t zombies;
	struct host_process largest[HOST_PROCESSES_SHOWN]; /* by resident memory; name NULL: none */
	struct host_process dead[HOST_PROCESSES_SHOWN];    /* the first zombies */
};

/* The facts, and of its mounts those that are worth looking at. */
struct host_machine {
	struct host_facts facts;
	struct host_filesystems filesystems;
};

void host_facts_init(struct host_facts *, struct arena *);

/* Nothing happens for a name that is not in the list above. */
void host_facts_add_section(struct host_facts *, struct str name, struct str text);

/* Percent of the time between the two samples; NaN without two, or if no time passed. */
double host_cpu_busy_percent(const struct host_facts *); /* all but idle and waiting for I/O */
double host_cpu_iowait_percent(const struct host_facts *);
double host_cpu_steal_percent(const struct host_facts *);

double host_memory_used_percent(const struct host_memory *); /* all but what is available */
double host_swap_used_percent(const struct host_memory *);   /* 0 without swap */

#endif
