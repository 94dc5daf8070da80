import OpenFlow

/// An error's numbers in one version. ``OpenFlowError`` has those of 1.4; 1.3 lacks some, which ONF gave it as
/// extensions, and 1.0 has a numbering of its own, to which Open vSwitch added.
struct ErrorNumber: Equatable {
    /// OFPET_EXPERIMENTER.
    static let experimenterType: UInt16 = 0xffff
    /// NXET_VENDOR: how errors of an experimenter are written in 1.0.
    static let niciraVendorType: UInt16 = 0xb0c2

    var type: UInt16
    var code: UInt16
    var experimenter: UInt32?

    init(type: UInt16, code: UInt16, experimenter: UInt32? = nil) {
        self.type = type
        self.code = code
        self.experimenter = experimenter
    }

    init(type: UInt16, code: UInt16, _ experimenter: UInt32) {
        self.init(type: type, code: code, experimenter: experimenter)
    }

    /// A run of codes that have other numbers in a version: `count` of them from `code` on become `to` and following.
    private struct Rule {
        let type: UInt16
        let code: UInt16
        let count: UInt16
        let to: ErrorNumber
        /// Whether `to` counts in its type, as ONF's errors do, or in its code.
        var countsTypes: Bool { to.experimenter == Experimenter.onf }
    }

    private static func onf(_ type: UInt16, _ code: UInt16, _ count: UInt16, _ number: UInt16) -> Rule {
        Rule(
            type: type, code: code, count: count,
            to: ErrorNumber(type: number, code: 0, experimenter: Experimenter.onf))
    }

    /// What 1.3 has from ONF, or under another type.
    private static let rules13: [Rule] = [
        onf(3, 9, 1, 2600), onf(2, 16, 1, 4250), onf(5, 9, 1, 2360), onf(15, 0, 3, 2370), onf(17, 0, 16, 2300),
        onf(14, 3, 6, 4443), Rule(type: 14, code: 0, count: 3, to: ErrorNumber(type: 13, code: 2)),
    ]

    private static func nicira(_ type: UInt16, _ code: UInt16, _ to: UInt16, _ toCode: UInt16) -> Rule {
        Rule(
            type: type, code: code, count: 1,
            to: ErrorNumber(type: to, code: toCode, experimenter: Experimenter.nicira))
    }

    /// What 1.0 numbers otherwise, or has from Nicira.
    private static let rules10: [Rule] = [
        Rule(type: 5, code: 1, count: 1, to: ErrorNumber(type: 3, code: 0)),
        Rule(type: 5, code: 3, count: 2, to: ErrorNumber(type: 3, code: 1)),
        Rule(type: 5, code: 5, count: 2, to: ErrorNumber(type: 3, code: 3)),
        Rule(type: 7, code: 0, count: 2, to: ErrorNumber(type: 4, code: 0)),
        Rule(type: 9, code: 0, count: 3, to: ErrorNumber(type: 5, code: 0)),
        Rule(type: 1, code: 10, count: 1, to: ErrorNumber(type: 1, code: 5)),
        nicira(1, 9, 1, 512), nicira(1, 11, 1, 514),
        nicira(2, 9, 2, 9), nicira(2, 10, 1, 522), nicira(2, 13, 1, 523), nicira(2, 14, 1, 524), nicira(2, 15, 1, 525),
        nicira(3, 1, 2, 257), nicira(4, 5, 1, 262), nicira(4, 6, 0, 263), nicira(4, 7, 1, 258), nicira(4, 8, 1, 259),
        nicira(4, 9, 1, 260), nicira(4, 10, 1, 261), nicira(4, 1, 1, 256), nicira(5, 7, 3, 258),
        nicira(5, 2, 5, 257), nicira(16, 1, 1, 517), nicira(16, 3, 1, 519), nicira(16, 5, 1, 518),
        Rule(type: 14, code: 0, count: 3, to: ErrorNumber(type: 13, code: 2, experimenter: Experimenter.nicira)),
        Rule(type: 14, code: 3, count: 6, to: ErrorNumber(type: 14, code: 3, experimenter: Experimenter.nicira)),
        Rule(
            type: 6, code: 0, count: 15, to: ErrorNumber(type: 6, code: 0, experimenter: Experimenter.nicira)),
    ]

    private static func rules(_ version: OpenFlowVersion) -> [Rule] {
        switch version {
        case .v10: rules10
        case .v13: rules13
        default: []
        }
    }

    /// As a version writes it.
    init(_ error: OpenFlowError, _ version: OpenFlowVersion) {
        self.init(type: error.type, code: error.code, experimenter: error.experimenter)
        guard experimenter == nil else { return }
        let rule = Self.rules(version).first {
            $0.type == error.type && error.code >= $0.code && error.code < $0.code + $0.count
        }
        if let rule {
            self = rule.to
            let offset = error.code - rule.code
            if rule.countsTypes { type += offset } else { code += offset }
        } else if version == .v10 && (error.type == 3 || error.type > 5 || error.type == 4) {
            // 1.0 has other errors by these numbers: NXBRC_UNENCODABLE_ERROR.
            self = ErrorNumber(type: 1, code: 521, experimenter: Experimenter.nicira)
        }
    }

    /// What a version's numbers mean.
    func error(_ version: OpenFlowVersion) -> OpenFlowError {
        for rule in Self.rules(version) where rule.to.experimenter == experimenter {
            let (base, own) = rule.countsTypes ? (rule.to.type, type) : (rule.to.code, code)
            let isSame = rule.countsTypes ? code == rule.to.code : type == rule.to.type
            if isSame && own >= base && own - base < rule.count {
                return Self.error(rule.type, rule.code + own - base, nil)
            }
        }
        return Self.error(type, code, experimenter)
    }

    private static func error(_ type: UInt16, _ code: UInt16, _ experimenter: UInt32?) -> OpenFlowError {
        OpenFlowError(type: type, code: code, experimenter: experimenter, "the peer reports error \(type), \(code)")
    }
}
