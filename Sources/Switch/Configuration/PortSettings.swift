import VhostUser

import VhostUser

/// A port as an operator wants it, by values only: nothing has been opened.
public struct PortSettings: Sendable, Equatable {
    /// Unique in the switch.
    public var name: String
    /// The OpenFlow number; `nil`: the lowest that is free in the bridge.
    public var number: UInt32?
    /// The worker that polls the port; `nil`: they take turns.
    public var worker: Int?
    public var kind: Kind

    /// The types of port and what each needs.
    public enum Kind: Sendable, Equatable {
        /// A virtual machine whose monitor listens at the socket; evs connects.
        case vhostUserClient(VhostUserSettings)
        /// A virtual machine whose monitor connects; evs listens at the socket.
        case vhostUser(VhostUserSettings)
        /// Any DPDK device, by its arguments.
        case dpdk(devargs: String)
        /// One end of a ring; the port that names the same ring is the other.
        case ring(name: String)
        /// A kernel tap interface, made by opening the port.
        case tap(interface: String)
        /// A kernel interface that exists.
        case afPacket(interface: String)
        /// An interface of the host's own, named as the port, to which it can give an address. One named as its
        /// bridge is the bridge's LOCAL port.
        case `internal`
        /// A wire to the patch port of that name.
        case patch(peer: String)
        /// Takes everything, gives nothing.
        case null
    }

    public init(name: String, number: UInt32? = nil, worker: Int? = nil, kind: Kind) {
        self.name = name
        self.number = number
        self.worker = worker
        self.kind = kind
    }
}

/// What a vhost-user port needs, in either direction of the socket.
public struct VhostUserSettings: Sendable, Equatable {
    /// The socket.
    public var path: String
    /// Queue pairs offered to the guest.
    public var queues = 1
    /// Who owns a socket that evs makes, by name or number; `nil`: the process's own user.
    public var owner: String?
    /// The group of a socket that evs makes; `nil`: the process's own.
    public var group: String?
    /// The permission bits of a socket that evs makes; `nil`: 0660.
    public var mode: UInt16?

    /// Queue pairs of one port at most.
    public static let maximumQueues = VhostSessionOptions.queuePairLimit

    public init(path: String, queues: Int = 1) {
        self.path = path
        self.queues = queues
    }
}

extension PortSettings.Kind {
    /// A port's type without its options.
    public enum Name: String, Sendable, CaseIterable {
        case vhostUserClient = "vhost-user-client"
        case vhostUser = "vhost-user"
        case dpdk
        case ring
        case tap
        case afPacket = "af-packet"
        case `internal`
        case patch
        case null

        /// Open vSwitch's name for the same, where it has another.
        public var openVSwitchName: String? {
            switch self {
            case .vhostUserClient: "dpdkvhostuserclient"
            case .vhostUser: "dpdkvhostuser"
            default: nil
            }
        }

        /// By evs's own name or Open vSwitch's.
        public init?(anyName: String) {
            guard let name = Name.allCases.first(where: { $0.rawValue == anyName || $0.openVSwitchName == anyName })
            else { return nil }
            self = name
        }
    }

    /// The type.
    public var name: Name {
        switch self {
        case .vhostUserClient: .vhostUserClient
        case .vhostUser: .vhostUser
        case .dpdk: .dpdk
        case .ring: .ring
        case .tap: .tap
        case .afPacket: .afPacket
        case .internal: .internal
        case .patch: .patch
        case .null: .null
        }
    }

    /// The type's options as a person reads them.
    public var options: [String: String] {
        switch self {
        case .vhostUserClient(let settings), .vhostUser(let settings):
            var options = ["path": settings.path, "queues": "\(settings.queues)"]
            options["owner"] = settings.owner
            options["group"] = settings.group
            options["mode"] = settings.mode.map { "0" + String($0, radix: 8) }
            return options
        case .dpdk(let devargs): return ["devargs": devargs]
        case .ring(let name): return ["ring": name]
        case .tap(let interface), .afPacket(let interface): return ["interface": interface]
        case .patch(let peer): return ["peer": peer]
        case .internal, .null: return [:]
        }
    }

    /// What of the machine's the port takes for itself, so that no two ports can have it; `nil`: nothing.
    var endpoint: String? {
        switch self {
        case .vhostUserClient(let settings), .vhostUser(let settings): "socket '\(settings.path)'"
        case .dpdk(let devargs): "device '\(devargs.prefix { $0 != "," })'"
        case .tap(let interface), .afPacket(let interface): "interface '\(interface)'"
        case .ring, .internal, .patch, .null: nil
        }
    }
}
