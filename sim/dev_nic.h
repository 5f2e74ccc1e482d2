// dev_nic.h: a network card with two rings of descriptors in memory, and the wire in front of it. Registers in docs/devices.md.
#ifndef RINGSIDE_SIM_DEV_NIC_H
#define RINGSIDE_SIM_DEV_NIC_H

#include "sim/dev_env.h"

#define NIC_BASE UINT64_C(0xfeb10000)
#define NIC_ID   UINT64_C(0x2074656e34364154)

enum {
    NIC_PIN = 6,
    NIC_FRAME_MIN = 14,
    NIC_FRAME_MAX = 1518,
    NIC_RING_MAX = 1024,
    NIC_FLIGHT_MAX =
        64, // frames on the way to one card; more are lost, as in a switch whose queue is full
};

enum { NIC_RX_ON = 1, NIC_RX_INTERRUPT = 2, NIC_TX_INTERRUPT = 4, NIC_PROMISCUOUS = 8 }; // CONTROL
enum { NIC_RECEIVED = 1, NIC_SENT = 2, NIC_RING_ERROR = 4, NIC_PLUGGED = 0x100 };        // STATUS
enum { NIC_DESC_DONE = 1, NIC_DESC_ERROR = 2, NIC_DESC_SIZE = 16 };

struct nic_ring {
    uint64_t base;
    uint32_t size; // 0: not set up
    uint32_t head, tail;
};

// A frame on its way to the card.
struct nic_flight {
    sim_time_t when;
    uint32_t size;
    uint8_t bytes[NIC_FRAME_MAX];
};

struct nic {
    uint64_t mac; // first byte in the low bits
    uint32_t control, status;
    struct nic_ring tx, rx;
    uint64_t tx_address; // of the frame being sent
    uint32_t tx_length;
    event_handle_t tx_event; // its end
    event_handle_t rx_event; // arrival of the first in flight
    uint32_t flight_count;
    struct nic_flight flight[NIC_FLIGHT_MAX]; // by time of arrival
    uint64_t sent, received, dropped;         // frames
};

// The address of card number `index`: the first byte marks it as locally administered.
uint64_t nic_mac(unsigned index);
uint64_t nic_read(const struct nic *n, const struct dev_env *env, uint64_t offset, unsigned size);
void nic_write(struct nic *n, const struct dev_env *env, uint64_t offset, unsigned size,
               uint64_t value);
void nic_fire_tx(struct nic *n, const struct dev_env *env);
void nic_fire_rx(struct nic *n, const struct dev_env *env);
// A frame (copied; NIC_FRAME_MIN to NIC_FRAME_MAX bytes) will arrive at `when`, in this card's time. May be called from transmit.
void nic_deliver(struct nic *n, const struct dev_env *env, sim_time_t when, const uint8_t *frame,
                 size_t size);
// Whether the card holds its interrupt line high.
bool nic_line(const struct nic *n);

#endif
