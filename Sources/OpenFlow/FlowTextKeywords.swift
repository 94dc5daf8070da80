extension FlowText {
    /// The words that flow text gives a meaning to, by what they are for; docs/flows.md explains each.
    ///
    /// Fields have a table of their own (``fieldTable()``).
    public static let keywords: [(use: String, words: [String])] = [
        ("actions and instructions", FlowTextActionKeyword.supported.map(\.name)),
        ("reserved ports", PortNumber.reservedNames.map(\.name)),
        ("shorthands", FlowTextShorthand.all.map(\.name)),
        ("parts of a flow", FlowTextProperty.allCases.map(\.name)),
        ("flows to delete", FlowTextDeletionFilter.allCases.map(\.rawValue)),
        ("changes of flows", FlowMod.Command.flowText.names.map(\.name)),
        ("controller", FlowTextControllerProperty.allCases.map(\.rawValue) + PacketInReason.allCases.map(\.flowText)),
        ("learn", FlowTextLearnProperty.allCases.map(\.rawValue)),
        ("multipath", HashedFields.allCases.map(\.name) + MultipathAction.Algorithm.allCases.map(\.name)),
        ("bundle", BundleAction.Algorithm.allCases.map(\.name) + ["ofport", "members", "slaves"]),
        ("changes of groups", GroupMod.Command.flowText.names.map(\.name)),
        (
            "groups",
            GroupTextProperty.allCases.map(\.rawValue) + GroupTextBucketProperty.allCases.map(\.rawValue)
                + Group.Kind.allCases.map(\.flowText) + Group.Selection.Method.allCases.map(\.rawValue)
        ),
        ("changes of meters", MeterMod.Command.flowText.names.map(\.name)),
        (
            "meters",
            Meter.Flags.names.map(\.name) + MeterTextBandProperty.allCases.map(\.rawValue) + Meter.names.map(\.name)
        ),
    ]
}
