// Which mail it takes. Whoever logs in may send anywhere; where mail is posted nobody else may.
'use strict';

const DSN = require('haraka-dsn');

const KNOWN = ['user', 'user2', 'undeliverable', 'undeliverable2', 'postmaster'];

exports.register = function () {
    this.register_hook('mail', 'sender');
    this.register_hook('rcpt', 'recipient');
};

exports.sender = function (next, connection) {
    if (connection.local.port === {port} || connection.relaying) {
        return next();
    }
    return next(DENY, DSN.auth_required('log in first'));
};

exports.recipient = function (next, connection, [address]) {
    const host = (address.host || 'example.test').toLowerCase();
    if (connection.relaying) {
        return next(OK);
    }
    if (host !== 'example.test') {
        return next(DENY, 'relaying denied');
    }
    return KNOWN.includes(address.user.toLowerCase()) ? next(OK) : next(DENY, 'no such mailbox here');
};
