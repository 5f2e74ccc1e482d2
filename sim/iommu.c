// iommu.c: translates the transfers of devices, page by page, by the same walker that serves processors.
#include "sim/iommu.h"

#include "sim/machine_internal.h"

// The host-physical address for a device's; false: the table does not allow it.
static bool translate(struct machine *m, uint64_t addr, bool write, uint64_t *host)
{
    struct walk_access access = {.write = write};
    struct walk_result r = walk(&m->mem, &m->iommu.table, 1, addr, access, false, NULL, NULL);
    *host = r.address;
    return r.status == WALK_OK;
}

static uint64_t part_of(uint64_t addr, uint64_t n)
{
    uint64_t room = PAGE_SIZE - (addr & PAGE_MASK);
    return room < n ? room : n;
}

static bool all_allowed(struct machine *m, uint64_t addr, uint64_t n, bool write)
{
    bool ok = addr + n >= addr;
    uint64_t host;
    for (uint64_t done = 0; ok && done < n; done += part_of(addr + done, n - done)) {
        ok = translate(m, addr + done, write, &host) &&
             mem_has(&m->mem, host, part_of(addr + done, n - done));
    }
    m->iommu.blocked += !ok;
    return ok;
}

bool iommu_read(struct machine *m, uint64_t addr, void *to, size_t n)
{
    if (!m->iommu.on) {
        return machine_dma_read(m, addr, to, n);
    }
    bool ok = all_allowed(m, addr, n, false);
    for (uint64_t done = 0, part, host; ok && done < n; done += part) {
        part = part_of(addr + done, n - done);
        ok = translate(m, addr + done, false, &host) &&
             machine_dma_read(m, host, (uint8_t *)to + done, part);
        m->iommu.translated++;
    }
    return ok;
}

bool iommu_write(struct machine *m, uint64_t addr, const void *from, size_t n)
{
    if (!m->iommu.on) {
        return machine_dma_write(m, addr, from, n);
    }
    bool ok = all_allowed(m, addr, n, true);
    for (uint64_t done = 0, part, host; ok && done < n; done += part) {
        part = part_of(addr + done, n - done);
        ok = translate(m, addr + done, true, &host) &&
             machine_dma_write(m, host, (const uint8_t *)from + done, part);
        m->iommu.translated++;
    }
    return ok;
}
