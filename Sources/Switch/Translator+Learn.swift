import Datapath
import FlowTable
import OpenFlow
import Packet

/// A flow that packets of a kind make (ovs-actions(7), learn).
final class Learning: SideEffect {
    let action: LearnAction
    /// What the packets are like where they meet the action, in all bits that it looks at.
    let key: FlowKey
    /// The flow that learns; `nil`: a controller's own action.
    let learner: FlowEntry?

    init(_ action: LearnAction, key: FlowKey, learner: FlowEntry?) {
        self.action = action
        self.key = key
        self.learner = learner
    }
}

/// A flow whose TCP connection ends, and which is to go soon (ovs-actions(7), fin_timeout).
final class ConnectionEnd: SideEffect {
    let flow: FlowEntry
    /// Seconds; 0: as before.
    let idleSeconds: UInt16
    /// Seconds; 0: as before.
    let hardSeconds: UInt16

    init(flow: FlowEntry, idleSeconds: UInt16, hardSeconds: UInt16) {
        self.flow = flow
        self.idleSeconds = idleSeconds
        self.hardSeconds = hardSeconds
    }
}

/// Actions that change the tables.
extension Translator {
    mutating func learn(_ action: LearnAction) {
        reveal(action.examinedBits)
        if halt != nil { return }
        translation.mask = translation.mask | action.examinedBits
        translation.effects.append(Learning(action, key: key, learner: entry?.takeUnretainedValue()))
        guard let result = action.result else { return }
        let places = pipeline.fullLearnings[LearningPlace(action)]
        let isLetIn = places.map { $0.contains(LearnedFlow(action.flowMod(for: key).flow)) } ?? true
        write(isLetIn ? 1 : 0, to: result)
    }

    mutating func shortenTimeouts(idleSeconds: UInt16, hardSeconds: UInt16) {
        // FIN and RST (RFC 9293 §3.1).
        let ends: UInt128 = 0x005
        guard let entry = entry?.takeUnretainedValue() else { return }
        examine(.tcpFlags, bits: ends)
        if halt != nil || key[.tcpFlags] & ends == 0 { return }
        translation.effects.append(ConnectionEnd(flow: entry, idleSeconds: idleSeconds, hardSeconds: hardSeconds))
    }
}
