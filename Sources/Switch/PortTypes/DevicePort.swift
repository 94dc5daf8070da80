import DPDK
import Datapath

extension PortOpening {
    /// `dpdk`: a device by DPDK's arguments.
    func openDevice(_ devargs: String) throws -> OpenPort {
        let device = try EthernetDevice(devargs: devargs, pool: pool, transmitQueues: workerCount)
        return try open(device)
    }

    /// The ends of a device that has been started.
    ///
    /// Each worker has a transmit queue of its own. Where the device has too few, workers put packets on a ring, and
    /// the one that polls the port sends them.
    func open(_ device: EthernetDevice) throws -> OpenPort {
        var port = OpenPort(input: .device(port: device.port, queue: 0), outputs: [])
        if device.transmitQueueCount >= workerCount {
            port.outputs = (0..<workerCount).map { .device(port: device.port, queue: UInt16($0)) }
        } else {
            let ring = try PacketRing(name: "egress-\(device.port)", capacity: 1024)
            port.outputs = Array(repeating: .ring(ring.raw), count: workerCount)
            port.egress = ring
        }
        port.device = device
        port.close = { device.close() }
        return port
    }
}
