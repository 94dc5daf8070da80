import Datapath
import FlowTable
import OpenFlow
import Packet

/// Messages to controllers, and meters.
extension Translator {
    /// `output:CONTROLLER`
    mutating func tellController(maximumLength: UInt16) {
        var action = ControllerAction()
        action.maxLength = maximumLength
        // The table-miss flow is the one that matches everything at the lowest priority (OpenFlow 1.3.5 §5.4).
        if let flow {
            if group != nil {
                action.reason = .group
            } else if flow.priority == 0, flow.match.mask.isZero {
                action.reason = .noMatch
            }
        } else {
            action.reason = .packetOut
        }
        tellController(action)
    }

    /// `controller(…)`
    mutating func tellController(_ action: ControllerAction) { tellController(action, reason: action.reason.rawValue) }

    /// In 1.0 a packet that no flow matches goes to the controller (OpenFlow 1.0.0 §3.4).
    mutating func tellUnmatched() {
        var action = ControllerAction()
        // How much of it is the controller's choice (miss_send_len), and the rest is kept.
        action.maxLength = .max - 1
        tellController(action, reason: ControllerMessage.unmatched)
    }

    private mutating func tellController(_ action: ControllerAction, reason: UInt8) {
        if let port = pipeline.port(arrival), port.flags.contains(.noPacketIn) {
            return translation.dropReason = .portBlocked
        }
        var message = ControllerMessage()
        message.reason = reason
        message.table = table
        message.cookie = flow?.cookie ?? .max
        message.maximumLength = action.maxLength
        message.controllerID = action.controllerID
        message.pauses = action.pauses
        message.userdata = action.userdata
        message.inPort = arrival
        message.isExpired = action.reason == .invalidTTL
        message.pipeline.words[KeyLayout.tunnelID] = key.words[KeyLayout.tunnelID]
        for word in FlowKey.packetWordCount..<FlowKey.wordCount { message.pipeline.words[word] = key.words[word] }
        let meter = action.meter.flatMap { pipeline.meters[$0] } ?? pipeline.meters[Meter.controller]
        message.meter = meter?.shared.address ?? 0
        for instruction in message.instructions { emit(instruction) }
        if action.pauses {
            hasExited = true
            actionSet = ActionSet()
        }
    }

    /// A packet without a hop left goes to controllers that want such (OpenFlow 1.3.5 §5.12, §7.4.1).
    mutating func tellInvalidTTL(_ controllers: [UInt16]) {
        translation.dropReason = .ttlExpired
        for id in controllers {
            var action = ControllerAction()
            action.reason = .invalidTTL
            action.controllerID = id
            tellController(action)
        }
    }

    /// The packet passes a meter, if there is one of that number (OpenFlow 1.3.5 §5.7).
    mutating func pass(meter id: UInt32) {
        guard let entry = pipeline.meters[id] else { return }
        emit(Instruction(.meter, detail: entry.remarks ? 1 : 0, value: entry.shared.address))
        // What comes after is counted when it does.
        if entry.drops { countsApart = true }
        if entry.remarks {
            var mask = FlowMask()
            mask[.ipDSCP] = Field[.ipDSCP].allOnes
            hide(mask)
        }
    }
}
