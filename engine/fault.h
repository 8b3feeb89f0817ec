/* fault.h - which mappings of model files are watched for SIGBUS (a file that was truncated while
 * it is mapped). engine_fault() of engine.h is the handler's side. */
#ifndef XUXIE_ENGINE_FAULT_H
#define XUXIE_ENGINE_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* From now on a fault in [base, base + n_bytes) sets *damaged. The flag must live until
 * fault_unwatch. False when too many mappings are watched already. */
bool fault_watch(const void *base, size_t n_bytes, atomic_bool *damaged);
void fault_unwatch(const void *base); /* before the mapping is unmapped */

#endif
