/* fault_vfs.c - see fault_vfs.h. Each open file is one of ours with the real one behind it. */
#include "config.h"

#include "tests/unit/fault_vfs.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

struct fault_file {
    sqlite3_file base;
    sqlite3_file *real; /* in the same allocation, behind this */
};

static sqlite3_vfs layer;
static sqlite3_vfs *below;

static atomic_int armed_call = -1, armed_nth, armed_code, n_faults;
static atomic_bool armed_persistent;
static atomic_int counts[N_FAULT_CALLS];

void fault_arm(enum fault_call call, int nth, bool persistent, int code)
{
    for (int i = 0; i < N_FAULT_CALLS; i++)
        counts[i] = 0;
    n_faults = 0;
    armed_nth = nth;
    armed_code = code;
    armed_persistent = persistent;
    armed_call = (int)call;
}

bool fault_disarm(void)
{
    armed_call = -1;
    return n_faults > 0;
}

int fault_count(enum fault_call call)
{
    return counts[call];
}

const char *fault_name(enum fault_call call)
{
    static const char *const names[] = {"write", "sync", "read", "truncate", "lock", "shm", "open"};
    return names[call];
}

/* SQLITE_OK, or what this call is to fail with. */
static int fault(enum fault_call call)
{
    int n = ++counts[call];
    if (armed_call != (int)call || n < armed_nth || (n > armed_nth && !armed_persistent))
        return SQLITE_OK;
    n_faults++;
    return armed_code;
}

static sqlite3_file *real(sqlite3_file *f)
{
    return ((struct fault_file *)f)->real;
}

static int f_close(sqlite3_file *f)
{
    return real(f)->pMethods->xClose(real(f));
}

static int f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    int rc = fault(FAULT_READ);
    return rc ? rc : real(f)->pMethods->xRead(real(f), p, n, at);
}

static int f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    int rc = fault(FAULT_WRITE);
    if (rc && n > 8) /* a short write is what a full disk leaves behind */
        real(f)->pMethods->xWrite(real(f), p, n / 2, at);
    return rc ? rc : real(f)->pMethods->xWrite(real(f), p, n, at);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    int rc = fault(FAULT_TRUNCATE);
    return rc ? rc : real(f)->pMethods->xTruncate(real(f), size);
}

static int f_sync(sqlite3_file *f, int flags)
{
    (void)f;
    (void)flags;
    return fault(FAULT_SYNC);
}

static int f_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return real(f)->pMethods->xFileSize(real(f), size);
}

static int f_lock(sqlite3_file *f, int level)
{
    int rc = fault(FAULT_LOCK);
    return rc ? rc : real(f)->pMethods->xLock(real(f), level);
}

static int f_unlock(sqlite3_file *f, int level)
{
    return real(f)->pMethods->xUnlock(real(f), level);
}

static int f_check_reserved(sqlite3_file *f, int *out)
{
    return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

static int f_control(sqlite3_file *f, int op, void *arg)
{
    return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int f_sector_size(sqlite3_file *f)
{
    return real(f)->pMethods->xSectorSize(real(f));
}

static int f_characteristics(sqlite3_file *f)
{
    return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    int rc = fault(FAULT_SHM);
    return rc ? rc : real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}

static int f_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    int rc = flags & SQLITE_SHM_LOCK ? fault(FAULT_LOCK) : SQLITE_OK;
    return rc ? rc : real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}

static void f_shm_barrier(sqlite3_file *f)
{
    real(f)->pMethods->xShmBarrier(real(f));
}

static int f_shm_unmap(sqlite3_file *f, int delete)
{
    return real(f)->pMethods->xShmUnmap(real(f), delete);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_check_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector_size,
    .xDeviceCharacteristics = f_characteristics,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

static int v_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    struct fault_file *ff = (struct fault_file *)f;
    (void)v;
    ff->base.pMethods = NULL;
    int rc = fault(FAULT_OPEN);
    if (rc)
        return rc;
    ff->real = (sqlite3_file *)(ff + 1);
    rc = below->xOpen(below, name, ff->real, flags, out_flags);
    if (ff->real->pMethods)
        ff->base.pMethods = &methods;
    return rc;
}

static int v_delete(sqlite3_vfs *v, const char *name, int sync)
{
    (void)v;
    return below->xDelete(below, name, sync);
}

static int v_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
    (void)v;
    return below->xAccess(below, name, flags, out);
}

static int v_full_pathname(sqlite3_vfs *v, const char *name, int n, char *out)
{
    (void)v;
    return below->xFullPathname(below, name, n, out);
}

void fault_vfs_install(void)
{
    if (below)
        return;
    below = sqlite3_vfs_find(NULL);
    layer = *below;
    layer.zName = "fault";
    layer.szOsFile = below->szOsFile + (int)sizeof(struct fault_file);
    layer.xOpen = v_open;
    layer.xDelete = v_delete;
    layer.xAccess = v_access;
    layer.xFullPathname = v_full_pathname;
    sqlite3_vfs_register(&layer, 1);
}
