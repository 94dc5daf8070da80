/// The kinds of messages by the numbers of 1.1 and later (OpenFlow 1.3.5 §7.1, enum ofp_type; 1.4's added).
enum MessageType: UInt8 {
    case hello = 0, error, echoRequest, echoReply, experimenter
    case featuresRequest, featuresReply, getConfigRequest, getConfigReply, setConfig
    case packetIn = 10, flowRemoved, portStatus, packetOut, flowMod, groupMod, portMod, tableMod
    case multipartRequest = 18, multipartReply, barrierRequest, barrierReply
    case queueGetConfigRequest = 22, queueGetConfigReply, roleRequest, roleReply
    case getAsyncRequest = 26, getAsyncReply, setAsync, meterMod
    case roleStatus = 30
    case bundleControl = 33, bundleAdd = 34

    /// From a message's number; `nil`: the version has no such.
    init?(_ number: UInt8, _ version: OpenFlowVersion) {
        guard version == .v10 else {
            guard let type = MessageType(rawValue: number), type.isKnown(version) else { return nil }
            self = type
            return
        }
        if number <= MessageType.flowMod.rawValue {
            self.init(rawValue: number)
        } else if let type = Self.after14In10.first(where: { $0.number == number })?.type {
            self = type
        } else {
            return nil
        }
    }

    /// 1.0 has other numbers after the flow mod (OpenFlow 1.0.0 §5.1).
    private static let after14In10: [(number: UInt8, type: MessageType)] = [
        (15, .portMod), (16, .multipartRequest), (17, .multipartReply), (18, .barrierRequest), (19, .barrierReply),
        (20, .queueGetConfigRequest), (21, .queueGetConfigReply),
    ]

    private func isKnown(_ version: OpenFlowVersion) -> Bool {
        switch self {
        case .queueGetConfigRequest, .queueGetConfigReply: version < .v14
        case .roleStatus, .bundleControl, .bundleAdd: version >= .v14
        default: true
        }
    }

    /// The number on the wire.
    func number(_ version: OpenFlowVersion) -> UInt8 {
        guard version == .v10 else { return rawValue }
        return Self.after14In10.first { $0.type == self }?.number ?? rawValue
    }
}

/// The subtypes of Nicira's messages.
enum NiciraMessage {
    static let roleRequest: UInt32 = 10
    static let roleReply: UInt32 = 11
    static let setFlowFormat: UInt32 = 12
    static let flowMod: UInt32 = 13
    static let flowRemoved: UInt32 = 14
    static let flowModTableID: UInt32 = 15
    static let setPacketInFormat: UInt32 = 16
    static let packetIn: UInt32 = 17
    static let flowAge: UInt32 = 18
    static let setAsync: UInt32 = 19
    static let setControllerID: UInt32 = 20
    static let flowMonitorCancel: UInt32 = 21
    static let flowMonitorPaused: UInt32 = 22
    static let flowMonitorResumed: UInt32 = 23
    static let setAsync2: UInt32 = 27
    static let resume: UInt32 = 28
    static let packetIn2: UInt32 = 30
    static let groupMod: UInt32 = 31
}

/// The subtypes of ONF's messages, on 1.3.
enum ONFMessage {
    static let flowMonitorCancel: UInt32 = 1870
    static let flowMonitorPaused: UInt32 = 1871
    static let flowMonitorResumed: UInt32 = 1872
    static let roleStatus: UInt32 = 1911
    static let bundleControl: UInt32 = 2300
    static let bundleAdd: UInt32 = 2301
}

/// The kinds of multipart messages (OpenFlow 1.3.5 §7.3.5, enum ofp_multipart_type; 1.4's added).
enum MultipartType {
    static let desc: UInt16 = 0
    static let flow: UInt16 = 1
    static let aggregate: UInt16 = 2
    static let table: UInt16 = 3
    static let portStats: UInt16 = 4
    static let queue: UInt16 = 5
    static let group: UInt16 = 6
    static let groupDesc: UInt16 = 7
    static let groupFeatures: UInt16 = 8
    static let meter: UInt16 = 9
    static let meterConfig: UInt16 = 10
    static let meterFeatures: UInt16 = 11
    static let tableFeatures: UInt16 = 12
    static let portDesc: UInt16 = 13
    static let tableDesc: UInt16 = 14
    static let queueDesc: UInt16 = 15
    static let flowMonitor: UInt16 = 16
    static let experimenter: UInt16 = 0xffff

    /// What a version has from an experimenter: flows in Nicira's format, and what the version itself has not got.
    struct Extension {
        let version: OpenFlowVersion
        let type: UInt16
        let experimenter: UInt32
        let subtype: UInt32
    }

    static let extensions = [
        Extension(version: .v10, type: flow, experimenter: Experimenter.nicira, subtype: 0),
        Extension(version: .v10, type: aggregate, experimenter: Experimenter.nicira, subtype: 1),
        Extension(version: .v10, type: flowMonitor, experimenter: Experimenter.nicira, subtype: 2),
        Extension(version: .v10, type: group, experimenter: Experimenter.nicira, subtype: 7),
        Extension(version: .v10, type: groupDesc, experimenter: Experimenter.nicira, subtype: 8),
        Extension(version: .v10, type: groupFeatures, experimenter: Experimenter.nicira, subtype: 9),
        Extension(version: .v13, type: flowMonitor, experimenter: Experimenter.onf, subtype: 1870),
    ]

    static func isKnown(_ type: UInt16, _ version: OpenFlowVersion) -> Bool {
        switch type {
        case desc...queue, portDesc, experimenter: true
        case group...tableFeatures: version >= .v13
        case tableDesc...flowMonitor: version >= .v14
        default: false
        }
    }
}
