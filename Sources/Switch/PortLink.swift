import DPDK
import Datapath
import VhostUser

/// A port as controllers see it beside its name and number (OpenFlow 1.3.5 §7.2.1).
public struct PortLink: Sendable, Equatable {
    /// Whether packets sent to it get anywhere: a device's link, or a guest that has started its queues.
    public var isUp = true
    /// Low 48 bits: the device's own, or one made from the port's name.
    public var hardwareAddress: UInt64
}

extension VirtualSwitch {
    /// How a port's link is now.
    public func link(of port: SwitchPort) -> PortLink {
        // FNV-1a of the name; locally administered, so that it is nobody else's.
        let hashed = port.name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        var link = PortLink(hardwareAddress: hashed & 0x00ff_ffff_ffff | 0x0200_0000_0000)
        if let device = device(of: port) {
            link.isUp = device.isLinkUp
            if let address = device.macAddress, address != 0 { link.hardwareAddress = address }
        } else if let guest = guestStatus(of: port) {
            link.isUp = guest.runningQueues > 0
        }
        return link
    }
}
