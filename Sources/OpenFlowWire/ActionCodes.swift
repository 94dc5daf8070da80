/// The numbers of actions, from 1.1 on (OpenFlow 1.3.5 §7.2.5, enum ofp_action_type; those that 1.2 took out, which
/// Open vSwitch still takes; 1.5's copy-field and meter).
enum ActionCode {
    static let output: UInt16 = 0
    static let setVLANVID: UInt16 = 1
    static let setVLANPCP: UInt16 = 2
    static let setEthSrc: UInt16 = 3
    static let setEthDst: UInt16 = 4
    static let setIPv4Src: UInt16 = 5
    static let setIPv4Dst: UInt16 = 6
    static let setTOS: UInt16 = 7
    static let setECN: UInt16 = 8
    static let setPortSrc: UInt16 = 9
    static let setPortDst: UInt16 = 10
    static let copyTTLOut: UInt16 = 11
    static let copyTTLIn: UInt16 = 12
    static let setMPLSLabel: UInt16 = 13
    static let setMPLSTC: UInt16 = 14
    static let setMPLSTTL: UInt16 = 15
    static let decrementMPLSTTL: UInt16 = 16
    static let pushVLAN: UInt16 = 17
    static let popVLAN: UInt16 = 18
    static let pushMPLS: UInt16 = 19
    static let popMPLS: UInt16 = 20
    static let setQueue: UInt16 = 21
    static let group: UInt16 = 22
    static let setIPTTL: UInt16 = 23
    static let decrementIPTTL: UInt16 = 24
    static let setField: UInt16 = 25
    static let pushPBB: UInt16 = 26
    static let popPBB: UInt16 = 27
    static let copyField: UInt16 = 28
    static let meter: UInt16 = 29
    static let experimenter: UInt16 = 0xffff
}

/// The numbers of actions in 1.0 (OpenFlow 1.0.0 §5.2.4, enum ofp_action_type).
enum ActionCode10 {
    static let output: UInt16 = 0
    static let setVLANVID: UInt16 = 1
    static let setVLANPCP: UInt16 = 2
    static let stripVLAN: UInt16 = 3
    static let setEthSrc: UInt16 = 4
    static let setEthDst: UInt16 = 5
    static let setIPv4Src: UInt16 = 6
    static let setIPv4Dst: UInt16 = 7
    static let setTOS: UInt16 = 8
    static let setPortSrc: UInt16 = 9
    static let setPortDst: UInt16 = 10
    static let enqueue: UInt16 = 11
}

/// The numbers of Nicira's actions (ovs-actions(7)).
enum NiciraAction {
    static let resubmit: UInt16 = 1
    static let setTunnel: UInt16 = 2
    static let setQueue: UInt16 = 4
    static let popQueue: UInt16 = 5
    static let move: UInt16 = 6
    static let load: UInt16 = 7
    static let note: UInt16 = 8
    static let setTunnel64: UInt16 = 9
    static let multipath: UInt16 = 10
    static let bundle: UInt16 = 12
    static let bundleLoad: UInt16 = 13
    static let resubmitTable: UInt16 = 14
    static let outputField: UInt16 = 15
    static let learn: UInt16 = 16
    static let exit: UInt16 = 17
    static let decrementTTL: UInt16 = 18
    static let finTimeout: UInt16 = 19
    static let controller: UInt16 = 20
    static let decrementTTLNotifying: UInt16 = 21
    static let writeMetadata: UInt16 = 22
    static let pushMPLS: UInt16 = 23
    static let popMPLS: UInt16 = 24
    static let setMPLSTTL: UInt16 = 25
    static let decrementMPLSTTL: UInt16 = 26
    static let push: UInt16 = 27
    static let pop: UInt16 = 28
    static let setMPLSLabel: UInt16 = 30
    static let setMPLSTC: UInt16 = 31
    static let outputField2: UInt16 = 32
    static let load2: UInt16 = 33
    static let conjunction: UInt16 = 34
    static let controller2: UInt16 = 37
    static let outputTruncated: UInt16 = 39
    static let group: UInt16 = 40
    static let clone: UInt16 = 42
    static let learn2: UInt16 = 45
}

/// ONF's actions.
enum ONFAction {
    /// EXT-320, copy-field, for 1.3 and 1.4.
    static let copyField: UInt16 = 3200
}
