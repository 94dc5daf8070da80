import OpenFlow
import Switch

/// Flows, groups and meters from the control socket.
extension SwitchService {
    func executeFlow(_ request: ControlRequest) throws -> [UInt8] {
        var request = request
        let bridge = try request.text("bridge")
        switch request.command {
        case .flowAdd:
            try request.allow(["bridge", "flows", "file"])
            return try changed(
                bridge, try manager.changeFlows(request.text("flows"), file: request.optionalText("file"), of: bridge))
        case .flowModify:
            try request.allow(["bridge", "flows", "file", "strict"])
            let command: FlowMod.Command = try request.flag("strict") ? .modifyStrict : .modify
            return try changed(
                bridge,
                try manager.changeFlows(
                    request.text("flows"), as: command, file: request.optionalText("file"), of: bridge))
        case .flowRemove:
            try request.allow(["bridge", "match", "strict"])
            return try changed(
                bridge,
                try manager.removeFlows(
                    try request.optionalText("match") ?? "", isStrict: request.flag("strict"), from: bridge))
        default:
            try request.allow(["bridge", "match"])
            return try ok(ControlReply.Flows(flows: manager.flows(request.optionalText("match") ?? "", of: bridge)))
        }
    }

    func executeGroup(_ request: ControlRequest) throws -> [UInt8] {
        var request = request
        let bridge = try request.text("bridge")
        switch request.command {
        case .groupAdd, .groupModify:
            try request.allow(["bridge", "groups", "file"])
            return try changed(
                bridge,
                try manager.changeGroups(
                    request.text("groups"), as: request.command == .groupAdd ? .add : .modify,
                    file: request.optionalText("file"), of: bridge))
        case .groupRemove:
            try request.allow(["bridge", "group"])
            return try changed(
                bridge, try manager.removeGroups(request.optionalText("group") ?? "", from: bridge))
        default:
            try request.allow(["bridge", "group"])
            return try ok(ControlReply.Groups(groups: manager.groups(request.optionalText("group") ?? "", of: bridge)))
        }
    }

    func executeMeter(_ request: ControlRequest) throws -> [UInt8] {
        var request = request
        let bridge = try request.text("bridge")
        switch request.command {
        case .meterAdd, .meterModify:
            try request.allow(["bridge", "meters", "file"])
            return try changed(
                bridge,
                try manager.changeMeters(
                    request.text("meters"), as: request.command == .meterAdd ? .add : .modify,
                    file: request.optionalText("file"), of: bridge))
        case .meterRemove:
            try request.allow(["bridge", "meter"])
            return try changed(
                bridge, try manager.removeMeters(request.optionalText("meter") ?? "", from: bridge))
        default:
            try request.allow(["bridge", "meter"])
            return try ok(ControlReply.Meters(meters: manager.meters(request.optionalText("meter") ?? "", of: bridge)))
        }
    }

    /// Controllers hear of what has changed, and the asker how much that was.
    private func changed(_ bridge: String, _ outcome: TableOutcome) throws -> [UInt8] {
        openFlow.tell(outcome.flows, of: bridge)
        return try ok(outcome.report)
    }
}
