--
-- PostgreSQL database dump
--

\restrict hBwH49aAIJEUoGMZ9dOWA4IphYQ1pQUW8FbcSJNj8VQdY1GNZFs193jXmGfnLMr

-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: audit_head; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit_head (
    id integer NOT NULL,
    number bigint NOT NULL,
    hash bytea NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='50');


--
-- Name: COLUMN audit_head.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.audit_head.id IS 'always 1';


--
-- Name: COLUMN audit_head.number; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.audit_head.number IS 'of the newest row';


--
-- Name: audit_log; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit_log (
    number bigint NOT NULL,
    at character varying(20) NOT NULL,
    actor character varying(16) NOT NULL,
    act character varying(24) NOT NULL,
    case_id character varying(32),
    detail character varying(400) NOT NULL,
    hash bytea NOT NULL
);


--
-- Name: COLUMN audit_log.at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.audit_log.at IS 'UTC; the day alone where a writer of a report acted';


--
-- Name: COLUMN audit_log.actor; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.audit_log.actor IS 'a member of staff, bot, or operator';


--
-- Name: COLUMN audit_log.detail; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.audit_log.detail IS 'JSON without content';


--
-- Name: cases; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.cases (
    id character varying(32) NOT NULL,
    lookup_tag bytea,
    public_key bytea,
    locked_private bytea,
    day character varying(10) NOT NULL,
    urgency character varying(16) NOT NULL,
    status character varying(16) NOT NULL,
    assignee character varying(16),
    outcome character varying(16),
    closed character varying(10),
    keep_until character varying(10),
    warned character varying(10),
    withdrawn character varying(10),
    shredded character varying(10),
    envelopes integer NOT NULL,
    counts character varying(200),
    noted boolean DEFAULT false NOT NULL,
    counted boolean DEFAULT false NOT NULL
);


--
-- Name: COLUMN cases.lookup_tag; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.cases.lookup_tag IS 'of the code; null once shredded';


--
-- Name: COLUMN cases.public_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.cases.public_key IS 'null once shredded';


--
-- Name: COLUMN cases.locked_private; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.cases.locked_private IS 'under the code; null once shredded';


--
-- Name: COLUMN cases.day; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.cases.day IS 'UTC, 2026-11-24';


--
-- Name: COLUMN cases.assignee; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.cases.assignee IS 'a member of staff';


--
-- Name: COLUMN cases.closed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.cases.closed IS 'day';


--
-- Name: COLUMN cases.keep_until; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.cases.keep_until IS 'day before which it is not purged';


--
-- Name: COLUMN cases.warned; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.cases.warned IS 'day since which its purge is announced';


--
-- Name: COLUMN cases.withdrawn; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.cases.withdrawn IS 'day';


--
-- Name: COLUMN cases.shredded; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.cases.shredded IS 'day';


--
-- Name: COLUMN cases.envelopes; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.cases.envelopes IS 'how many it has had';


--
-- Name: COLUMN cases.counts; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.cases.counts IS 'kinds of envelopes, as JSON, once shredded';


--
-- Name: COLUMN cases.noted; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.cases.noted IS 'the staff chat was told of what is unread';


--
-- Name: COLUMN cases.counted; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.cases.counted IS 'what it tells is among the figures';


--
-- Name: code_tries; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.code_tries (
    hour bigint NOT NULL,
    count integer NOT NULL
);


--
-- Name: COLUMN code_tries.hour; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.code_tries.hour IS 'since 1970';


--
-- Name: counters; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.counters (
    day character varying(10) NOT NULL,
    name character varying(32) NOT NULL,
    topic character varying(40) NOT NULL,
    count integer NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='50');


--
-- Name: COLUMN counters.day; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.counters.day IS 'UTC, 2026-11-24';


--
-- Name: COLUMN counters.topic; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.counters.topic IS 'empty where it is about no topic';


--
-- Name: drafts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.drafts (
    chat_key bytea NOT NULL,
    sealed bytea NOT NULL,
    expires bigint NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='50');


--
-- Name: COLUMN drafts.expires; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.drafts.expires IS 'hour since 1970 after which it is deleted';


--
-- Name: editors_key; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.editors_key (
    id integer NOT NULL,
    public_key bytea NOT NULL,
    created character varying(10) NOT NULL
);


--
-- Name: COLUMN editors_key.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.editors_key.id IS 'always 1';


--
-- Name: COLUMN editors_key.created; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.editors_key.created IS 'UTC, 2026-11-24';


--
-- Name: envelope_keys; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.envelope_keys (
    case_id character varying(32) NOT NULL,
    number integer NOT NULL,
    reader character varying(16) NOT NULL,
    wrapped bytea NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='50');


--
-- Name: COLUMN envelope_keys.reader; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.envelope_keys.reader IS 'a member of staff, recovery, or case';


--
-- Name: envelopes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.envelopes (
    case_id character varying(32) NOT NULL,
    number integer NOT NULL,
    kind character varying(16) NOT NULL,
    day character varying(10) NOT NULL,
    unread boolean NOT NULL,
    sealed bytea NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='50');


--
-- Name: COLUMN envelopes.day; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.envelopes.day IS 'UTC, 2026-11-24';


--
-- Name: figures; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.figures (
    year character varying(4) NOT NULL,
    dimension character varying(16) NOT NULL,
    value character varying(40) NOT NULL,
    count integer NOT NULL
);


--
-- Name: COLUMN figures.year; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.figures.year IS 'of the report';


--
-- Name: COLUMN figures.dimension; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.figures.dimension IS 'kind, age, platform, opened within, replied within';


--
-- Name: fragments; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.fragments (
    chat_key bytea NOT NULL,
    sealed bytea NOT NULL,
    expires bigint NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='50');


--
-- Name: COLUMN fragments.expires; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.fragments.expires IS 'second since 1970 after which it is deleted';


--
-- Name: handled_updates; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.handled_updates (
    channel character varying(16) NOT NULL,
    update_id bigint NOT NULL,
    expires bigint NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='50');


--
-- Name: COLUMN handled_updates.expires; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.handled_updates.expires IS 'hour since 1970 after which it is deleted';


--
-- Name: limits; Type: TABLE; Schema: public; Owner: -
--

CREATE UNLOGGED TABLE public.limits (
    name bytea NOT NULL,
    until bigint NOT NULL,
    expires bigint NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='50');


--
-- Name: COLUMN limits.name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.limits.name IS 'hash, under a key of one hour, of what is limited';


--
-- Name: COLUMN limits.until; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.limits.until IS 'microsecond since 1970 up to which it is used up';


--
-- Name: COLUMN limits.expires; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.limits.expires IS 'hour since 1970 after which it is deleted';


--
-- Name: login_tries; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.login_tries (
    name_key bytea NOT NULL,
    failed integer NOT NULL,
    until bigint NOT NULL,
    expires bigint NOT NULL
);


--
-- Name: COLUMN login_tries.name_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.login_tries.name_key IS 'hash of the name that was typed';


--
-- Name: COLUMN login_tries.failed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.login_tries.failed IS 'since the last that was right';


--
-- Name: COLUMN login_tries.until; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.login_tries.until IS 'second since 1970 before which none is tried';


--
-- Name: COLUMN login_tries.expires; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.login_tries.expires IS 'hour since 1970 after which it is deleted';


--
-- Name: marks; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.marks (
    name character varying(32) NOT NULL,
    value character varying(200) NOT NULL
);


--
-- Name: COLUMN marks.value; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.marks.value IS 'a fact about the installation, with nobody in it';


--
-- Name: recovery_key; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.recovery_key (
    id integer NOT NULL,
    public_key bytea NOT NULL,
    created character varying(10) NOT NULL
);


--
-- Name: COLUMN recovery_key.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.recovery_key.id IS 'always 1';


--
-- Name: COLUMN recovery_key.created; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.recovery_key.created IS 'UTC, 2026-11-24';


--
-- Name: second_factors; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.second_factors (
    member character varying(16) NOT NULL,
    sealed bytea NOT NULL,
    last_step bigint NOT NULL,
    created character varying(10) NOT NULL
);


--
-- Name: COLUMN second_factors.sealed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.second_factors.sealed IS 'TOTP secret and unused recovery codes, to the member''s key';


--
-- Name: COLUMN second_factors.last_step; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.second_factors.last_step IS 'of the newest TOTP code that was taken; none is taken twice';


--
-- Name: COLUMN second_factors.created; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.second_factors.created IS 'UTC, 2026-11-24';


--
-- Name: sessions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sessions (
    chat_key bytea NOT NULL,
    sealed bytea NOT NULL,
    expires bigint NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='50');


--
-- Name: COLUMN sessions.expires; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.sessions.expires IS 'hour since 1970 after which it is deleted';


--
-- Name: staff; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.staff (
    id character varying(16) NOT NULL,
    name character varying(80) NOT NULL,
    public_key bytea NOT NULL,
    locked_private bytea NOT NULL,
    salt bytea NOT NULL,
    passes integer NOT NULL,
    memory bigint NOT NULL,
    must_change boolean NOT NULL,
    active boolean NOT NULL,
    created character varying(10) NOT NULL
);


--
-- Name: COLUMN staff.locked_private; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.staff.locked_private IS 'under the passphrase';


--
-- Name: COLUMN staff.memory; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.staff.memory IS 'bytes';


--
-- Name: COLUMN staff.must_change; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.staff.must_change IS 'the passphrase was made by an operator';


--
-- Name: COLUMN staff.created; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.staff.created IS 'UTC, 2026-11-24';


--
-- Name: staff_chat; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.staff_chat (
    id integer NOT NULL,
    at bigint NOT NULL
);


--
-- Name: COLUMN staff_chat.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.staff_chat.id IS 'always 1';


--
-- Name: COLUMN staff_chat.at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.staff_chat.at IS 'millisecond since 1970 of the last note or try';


--
-- Name: transcripts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.transcripts (
    chat_key bytea NOT NULL,
    sealed bytea NOT NULL,
    expires bigint NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='50');


--
-- Name: COLUMN transcripts.expires; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.transcripts.expires IS 'second since 1970 after which it is deleted';


--
-- Name: unanswered; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.unanswered (
    id character varying(32) NOT NULL,
    day character varying(10) NOT NULL,
    sealed bytea NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='50');


--
-- Name: COLUMN unanswered.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.unanswered.id IS 'random';


--
-- Name: COLUMN unanswered.day; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.unanswered.day IS 'UTC, 2026-11-24';


--
-- Name: COLUMN unanswered.sealed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.unanswered.sealed IS 'masked words, with consent, to the editors'' key';


--
-- Name: visits; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.visits (
    chat_key bytea NOT NULL,
    sealed bytea NOT NULL,
    expires bigint NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='50');


--
-- Name: COLUMN visits.expires; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.visits.expires IS 'second since 1970 after which it is deleted';


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.alembic_version VALUES ('0010');


--
-- Data for Name: audit_head; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.audit_head VALUES (1, 37, '\x35d892ddde079658a893514e450ba086b8ece26c8600a5a19963c956e31795f8');


--
-- Data for Name: audit_log; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.audit_log VALUES (1, '2026-12-03T10:00:00Z', 'operator', 'staff added', NULL, '{"member":"7a6beb8197e6053a"}', '\x4761a4a31e506d4f191b2a7f66abb6acb1cd40abb5ee8b0c8bfffd96de5af348');
INSERT INTO public.audit_log VALUES (2, '2026-12-03T10:00:00Z', '7a6beb8197e6053a', 'staff logged in', NULL, '{}', '\x44f651f106a6bb7b915ff0bddb6f1b0dc27b273266965e62c7c249332407a326');
INSERT INTO public.audit_log VALUES (3, '2026-12-03T10:00:00Z', '7a6beb8197e6053a', 'passphrase changed', NULL, '{}', '\x2ce27e792e05172ff151de6106276ba98a5e28c418ff0253e955c63ba113c772');
INSERT INTO public.audit_log VALUES (4, '2026-12-03T10:00:00Z', '7a6beb8197e6053a', 'second factor set', NULL, '{"member":"7a6beb8197e6053a"}', '\xbed88e17baefa34b25306e0b030531dca62a3af5acd2b9298e92d1b2ec8d3295');
INSERT INTO public.audit_log VALUES (5, '2026-12-03T10:00:00Z', '7a6beb8197e6053a', 'staff logged in', NULL, '{}', '\xbe1d7407066d017ecd07bbdda8bc98a9b3c0831494a0000e1be36a2a3009a93a');
INSERT INTO public.audit_log VALUES (6, '2026-12-03T10:00:00Z', 'operator', 'staff added', NULL, '{"member":"7e48c6b342b6b0ee"}', '\x3bc218fbdd9e8ca514bb60698277517102626904f4a17cec78ea57f5b4d890ce');
INSERT INTO public.audit_log VALUES (7, '2026-12-03T10:00:00Z', '7e48c6b342b6b0ee', 'staff logged in', NULL, '{}', '\xd099fc8f48cab6c1025267f7defda3750dcdbfee719f43acc51ff263d6aa402f');
INSERT INTO public.audit_log VALUES (8, '2026-12-03T10:00:00Z', '7e48c6b342b6b0ee', 'passphrase changed', NULL, '{}', '\x131e869938b3c19983ac6dcf69fdd95fb5989520173f1be1d13aa2fbb29b2ada');
INSERT INTO public.audit_log VALUES (9, '2026-12-03T10:00:00Z', '7e48c6b342b6b0ee', 'second factor set', NULL, '{"member":"7e48c6b342b6b0ee"}', '\x59379fb2a5372b236547fa6144b93eeb2eb69bd7fc5ab0798648bb82d1af42f2');
INSERT INTO public.audit_log VALUES (10, '2026-12-03T10:00:00Z', '7e48c6b342b6b0ee', 'staff logged in', NULL, '{}', '\x1ce0b830e768a5ae1b97ddb328cd1c8bdf223f5fba7d41a27a1401a7e7ebb754');
INSERT INTO public.audit_log VALUES (11, '2026-12-03T10:00:00Z', 'operator', 'staff added', NULL, '{"member":"e97d64c1e16bac2c"}', '\xb046380a6c2b5cd153b281986e2c4ca76d4ce80e57b153ea7cc483f4ee073af1');
INSERT INTO public.audit_log VALUES (12, '2026-12-03T10:00:00Z', 'e97d64c1e16bac2c', 'staff logged in', NULL, '{}', '\xbf57c03764bbc49fccdb5e18c4ecbdf435fc94baa5e01b39029a8ffb7cd418bb');
INSERT INTO public.audit_log VALUES (13, '2026-12-03T10:00:00Z', 'e97d64c1e16bac2c', 'passphrase changed', NULL, '{}', '\x969a198139a32c721741b7234c8a335f61e2bf6913b999abd01af8a33080d384');
INSERT INTO public.audit_log VALUES (14, '2026-12-03T10:00:00Z', 'e97d64c1e16bac2c', 'second factor set', NULL, '{"member":"e97d64c1e16bac2c"}', '\xa439ce0f34a33ff751cda2ef55e1b5ee22338838ddccf96eb21d0239e9700877');
INSERT INTO public.audit_log VALUES (15, '2026-12-03T10:00:00Z', 'e97d64c1e16bac2c', 'staff logged in', NULL, '{}', '\xb4753f6d925fb25b611cf9de39a7246abeea3b26e4ed7c34914f8858e4773802');
INSERT INTO public.audit_log VALUES (16, '2026-12-03T10:00:00Z', 'operator', 'staff disabled', NULL, '{"member":"e97d64c1e16bac2c"}', '\x8a05fb620a4a4b2cd1cf766749cc7351cef85aa2a0064ae6130c2d5decb2c9a7');
INSERT INTO public.audit_log VALUES (17, '2026-12-03', 'bot', 'filed', 'ca15a1a9f99e6ae3be3d957ad94b2a6e', '{"urgency":"high"}', '\xc9c8f940a8297f8c19d922401ee46331ee5a162d065d0bca062963d4c96889eb');
INSERT INTO public.audit_log VALUES (18, '2026-12-03', 'bot', 'filed', 'ee30401ab8d854c7f414f9d5c689142c', '{"urgency":"emergency"}', '\xb9f72f95de042bfff81324345a4d054713fe468239a0f106ac6206d879528cdb');
INSERT INTO public.audit_log VALUES (19, '2026-12-03', 'bot', 'filed', 'df74221c7f0dfc9de6444723e825a96e', '{"urgency":"high"}', '\x380c55968535e1e132f2059635bc03c294b7b55002ca892a44d2d809a801c5fe');
INSERT INTO public.audit_log VALUES (20, '2026-12-03', 'bot', 'filed', '9d24ed3a331d9e0f34da90b26bcbcf55', '{"urgency":"high"}', '\x450b63fc30e271def520a9694095b9965d22bdb108d176a66131037078520e44');
INSERT INTO public.audit_log VALUES (21, '2026-12-03T10:00:00Z', '7a6beb8197e6053a', 'opened', 'ee30401ab8d854c7f414f9d5c689142c', '{"envelopes":1}', '\x778d7c2dd931ed3be004cc4f39e80efe42adaae8cb12dc61f7439d5fb6a62d68');
INSERT INTO public.audit_log VALUES (22, '2026-12-03T10:00:00Z', '7a6beb8197e6053a', 'status', 'ee30401ab8d854c7f414f9d5c689142c', '{"before":"new","now":"open"}', '\x4f7e1fa2fe703b11efcf92321edbf5587f7596778af095fd43aec224c1e5853a');
INSERT INTO public.audit_log VALUES (23, '2026-12-03T10:00:00Z', '7a6beb8197e6053a', 'opened', '9d24ed3a331d9e0f34da90b26bcbcf55', '{"envelopes":1}', '\x9753d8fccce37348b3ec2d8408c68ec9735ad19d5f074c9d2d7d9ca1d2b52c80');
INSERT INTO public.audit_log VALUES (24, '2026-12-03T10:00:00Z', '7a6beb8197e6053a', 'status', '9d24ed3a331d9e0f34da90b26bcbcf55', '{"before":"new","now":"open"}', '\x93b9baa40b86523967a69d4b2622d5afb8c15930d2d45379677bc8200554a115');
INSERT INTO public.audit_log VALUES (25, '2026-12-03T10:00:00Z', '7a6beb8197e6053a', 'opened', 'ca15a1a9f99e6ae3be3d957ad94b2a6e', '{"envelopes":1}', '\x97eb164f6c9f10c64aa657e9b452d6f45b625b3f67de40e1cfe8ecb9589ef099');
INSERT INTO public.audit_log VALUES (26, '2026-12-03T10:00:00Z', '7a6beb8197e6053a', 'status', 'ca15a1a9f99e6ae3be3d957ad94b2a6e', '{"before":"new","now":"open"}', '\x385b6617de40065c21159642d424a16a35b1c0ef17fc097b6056332eb967a989');
INSERT INTO public.audit_log VALUES (27, '2026-12-03T10:00:00Z', '7a6beb8197e6053a', 'opened', 'df74221c7f0dfc9de6444723e825a96e', '{"envelopes":1}', '\xe4fccbc61b0f9e3bc41b45ff251a472749a9005fe8766c141b1d6e1312257b7f');
INSERT INTO public.audit_log VALUES (28, '2026-12-03T10:00:00Z', '7a6beb8197e6053a', 'status', 'df74221c7f0dfc9de6444723e825a96e', '{"before":"new","now":"open"}', '\xd909f947b76cdefd614e008b66e3e59e47bf04f3d8db0c042867534a7dfa5435');
INSERT INTO public.audit_log VALUES (29, '2026-12-03T10:00:00Z', '7a6beb8197e6053a', 'replied', 'ca15a1a9f99e6ae3be3d957ad94b2a6e', '{}', '\xce564dab72be07a677f0536f43f059ef2b011c757846a0b389e25ec7139a80f5');
INSERT INTO public.audit_log VALUES (30, '2026-12-03T10:00:00Z', '7a6beb8197e6053a', 'closed', 'ee30401ab8d854c7f414f9d5c689142c', '{"outcome":"advised"}', '\x2326b0c1556f9d7d4d28d758fc1ba1d36633c068811241f1df3f6e29e436cc12');
INSERT INTO public.audit_log VALUES (31, '2026-12-03', 'bot', 'withdrew', '9d24ed3a331d9e0f34da90b26bcbcf55', '{"result":"flagged"}', '\xf0d084f6ae4769732b6bbbe5463080599303a31b544593f123b9a39fa4d0b477');
INSERT INTO public.audit_log VALUES (32, '2026-12-03', 'bot', 'filed', 'a20773072102f9f1f08a649780929424', '{"urgency":"high"}', '\xf2dc50ae95c9e698ab9163ed9fad88e9204d93fb57a2eee477daf49264c30ce4');
INSERT INTO public.audit_log VALUES (33, '2026-12-03', 'bot', 'withdrew', 'a20773072102f9f1f08a649780929424', '{"result":"shredded"}', '\x313b807408710b7f16897d6b5ec39e8878b310289469070743148edd21c218f9');
INSERT INTO public.audit_log VALUES (34, '2026-12-03', 'bot', 'shredded', 'a20773072102f9f1f08a649780929424', '{}', '\x46c4d7caab72382701e5191541c67df55ad990d42d54b57223fde2ad3f584ee9');
INSERT INTO public.audit_log VALUES (35, '2026-12-03', 'bot', 'added', 'df74221c7f0dfc9de6444723e825a96e', '{}', '\x6023a2395d5d615454fa72176f1a0af46a2d7245031dcec7b43a8bed6ea27612');
INSERT INTO public.audit_log VALUES (36, '2026-12-03', 'bot', 'urgency', 'df74221c7f0dfc9de6444723e825a96e', '{"before":"high","now":"emergency"}', '\x83b5d185dec857b56f1afe738e3240825c215ca997c73b90047c4a2a55e3f082');
INSERT INTO public.audit_log VALUES (37, '2026-12-03T10:00:00Z', 'operator', 'backed up', NULL, '{"cases":5}', '\x35d892ddde079658a893514e450ba086b8ece26c8600a5a19963c956e31795f8');


--
-- Data for Name: cases; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.cases VALUES ('df74221c7f0dfc9de6444723e825a96e', '\x3473be7c9f317ac55e55e25cf8b40c8f0d2ea17ad76d9cf9163e307061beeeb7', '\x29d5000b39ed495efd941602ccc1bb6d5af6a3033e8f852629519b9ad923492b', '\x0113ccdf198982b18c69e5a3d00da89a6e022b3fd3f499385c6c9b216108b73f570e0accf445b472b80be80afba32237c5dfff4b49d76278d139daf6ef9473058437152385d81c27aa', '2026-12-03', 'emergency', 'open', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2, NULL, false, true);
INSERT INTO public.cases VALUES ('ca15a1a9f99e6ae3be3d957ad94b2a6e', '\x788efa46790e90b47a69d817c00f505543ede6403c048e4e54fb25950a2673e8', '\x056b6ca3ec955c04aae02ae5ff29574fa0f8aeaeb4d2dfe534395389a1338b45', '\x01982c1ce92e9801309922a0b503a1b448b120cec503f28bacbe19506833c345cd8e837591ba0b39c12125a193b4149bc6100e0c879c975e308e90889c14ed610c68d3c2ede2f8332e', '2026-12-03', 'high', 'open', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2, NULL, false, true);
INSERT INTO public.cases VALUES ('ee30401ab8d854c7f414f9d5c689142c', '\xca823fe69c85900abd8c1bc1569ff34fcb90be335d0fff9469530f82e3cee7ea', '\x59ee1912e6715d2fbb9fd5e5679f050ca84ea5ad8ece2301bbc4779c113a0340', '\x019662b1ecc05d8c49f4ed86e7a246458d15e664d51a1a3151cdad28eb5951530ea137a39ddc6c658572c70cb94a1fe77bea177d5cbe6e592826934ac2ff6f7cb2a347a282ea46c33d', '2026-12-03', 'emergency', 'closed', NULL, 'advised', '2026-12-03', NULL, NULL, NULL, NULL, 1, NULL, false, true);
INSERT INTO public.cases VALUES ('9d24ed3a331d9e0f34da90b26bcbcf55', '\x3a3d4a98bc8b9a11f1112e6a436bafd1930c6e83f1ad5d64de933a677abf3a54', '\x08351b6e628a3b493986653a25a007053efc9847e5f06fa1a5df4e18faf43d2b', '\x0109bf84ea304054a9e2e92c4330f427ebf8875b44ec22c76ef1790787c638509606de011a5ff795bd747adb37096be0fd0005fc82665f97e934c713c7dfa51f844963bcbe7cdd5fd9', '2026-12-03', 'high', 'open', NULL, NULL, NULL, NULL, NULL, '2026-12-03', NULL, 1, NULL, false, true);
INSERT INTO public.cases VALUES ('a20773072102f9f1f08a649780929424', NULL, NULL, NULL, '2026-12-03', 'high', 'new', NULL, 'withdrawn', NULL, NULL, NULL, '2026-12-03', '2026-12-03', 1, '{"report": 1}', false, false);


--
-- Data for Name: code_tries; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.code_tries VALUES (498970, 0);


--
-- Data for Name: counters; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.counters VALUES ('2026-12-03', 'start', '', 1);
INSERT INTO public.counters VALUES ('2026-12-03', 'choose', '', 1);
INSERT INTO public.counters VALUES ('2026-12-03', 'danger', '', 1);
INSERT INTO public.counters VALUES ('2026-12-03', 'report-sent', '', 5);
INSERT INTO public.counters VALUES ('2026-12-03', 'report-started', '', 6);


--
-- Data for Name: drafts; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.drafts VALUES ('\x85fa35b7fdbd3419636748d12f00fb54fdde290e2bddadb90ff5d7b596c82914', '\x01e09ef5d273bb4cfad6bb70963e53b9fa0948b2c1fa55121483c179bece4a4989fe674e861581eac277c9a50bb77888a019a8fd5564c3878e673cc3abbe82b26ad3312f6a90efe5d5bbbe690077b2e40e4097088a133983f1dadbae58836ce4c7e36f9cdf6f9c28098446455b8765653bf8703f1f44724fc6028269ddfd94796377abc46513dcd33d86c0012ac1c0f357f466285c743606099252831fceea932be6512a58cb8c745f30efd2f7e40b7f3e5fa219d00d87344c15e381439b9c5ddc9d091296f1c3de2ccb36bfe121b48dd3b36ec7d3808cf1478f929ea3b752297654fd86da19880f6e49dd242946cddb31e67e83bd4e788131e04c37b7135351f07d7c4195eefe093384910033343486c024b14a067ebb216eec7ea91102dcb2062ee5dd913cbdb67357ace1806458bd29c1aaa68678b625939d3d07013c86f49a190d042750533975f0b17f98f357aa2d880769fccc84e9fed4600b9ac34a102105a1ac7fee31fc522baee8aedb500815c30233157d8ef059ab7226d5bee5a2d34e0f7c84df5ee6950e879f39a394a2ecea51ece3e2858ff57813ad211f2e03d70e2886a23eb94fd321cb7c1921978f3343e8e184fc3c44390dd82b2a0b9e2d2d5c6e218a8ba3f2aa9a82953a26aee17b7c57bef945294ac703c75fb5c1fb51a625d9199ab6d47da6df63763921e1cea646b4971cac4aaa058e7cb6af8a8bdb0d1e774f8534d2daa13d2b692c798e0c9efc05624f9d53032c3703a93102fb6ea2426affd1f03e3eab', 498994);


--
-- Data for Name: editors_key; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: envelope_keys; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.envelope_keys VALUES ('ca15a1a9f99e6ae3be3d957ad94b2a6e', 1, '7a6beb8197e6053a', '\x7b97583ce2b404e0fc4f0c4a7cb37acda69c50f9aca8beaffe299fa1b9784433a793b5319a6d7930c813fd4accb522a6b0c6cbe834a79db4b7f0d00512e8a96f60c251b0cccf0a382f299b2742ee1b19');
INSERT INTO public.envelope_keys VALUES ('ca15a1a9f99e6ae3be3d957ad94b2a6e', 1, '7e48c6b342b6b0ee', '\x309114d7789cf03b5c16556ef0e2587bc121d9e1e9e727febc226fef2c3f1c67ec54d1d2505463815818ad167d850042aeed4e64dd3341118d05432dd67f0520b353de04604dafa0c6142a9c3cf9ec09');
INSERT INTO public.envelope_keys VALUES ('ca15a1a9f99e6ae3be3d957ad94b2a6e', 1, 'recovery', '\xa36ff187e0805b3084bcf6feac4e32a541e8dc2ad7e6300906cb9871e9fb623cda0263041757b475474e75204f0c1d2c94fc5109bdd76339610e8da946adcb971dcf1c6836fa928498e591821aef460c');
INSERT INTO public.envelope_keys VALUES ('ca15a1a9f99e6ae3be3d957ad94b2a6e', 1, 'case', '\x00b290a505fc38f68b4b5419ecd337ea1deafbc5d434a56dbc6022fad5a9cf1edbf06325301e8c42054a97a470c3f78bf74862a592ebed95c024b399a3144dff8a069c634c944c5119f9998ef3f8b857');
INSERT INTO public.envelope_keys VALUES ('ee30401ab8d854c7f414f9d5c689142c', 1, '7a6beb8197e6053a', '\x9d25c4c7337b46cda2e5e3677e39b0bc282e3fd41c1d55b440c37f8517ab990bf6909b67152cbeb025ad4d15cc5d6987ad99275e859b1ea26d57d7cc2cb4e86e84ebc59ff59da66ed00a90ea90611925');
INSERT INTO public.envelope_keys VALUES ('ee30401ab8d854c7f414f9d5c689142c', 1, '7e48c6b342b6b0ee', '\xda1fdbe132450276f2cad6e944f71f77d08cc731cd8ace10ee4e14c0ca16375743488083799eb09b2d3f8bd369f3662ade152b3d458d902ab559528c025c9328cead874920442f5f5c20893a556f6fe5');
INSERT INTO public.envelope_keys VALUES ('ee30401ab8d854c7f414f9d5c689142c', 1, 'recovery', '\xd3691f3bdba882e320d65e21dffc1d99eae4bb287e278ce56b0e56d229e1e24d0ce4ba787545900cbea4d3accc67ea6512dfdf251fcf00070043bf272865bb2128e2fc71da713ef9758ec141429e3dba');
INSERT INTO public.envelope_keys VALUES ('ee30401ab8d854c7f414f9d5c689142c', 1, 'case', '\x66d70f1e9f1ef1c959bc5e6de76957e794ab84ef30101158358a443ecdf0e370bc670a7cf585d1e35a0a37a9a4b8dd02a243141341c77b0582f751f15e131f3bb355aadec953a1476ae0aeb4310b3b26');
INSERT INTO public.envelope_keys VALUES ('df74221c7f0dfc9de6444723e825a96e', 1, '7a6beb8197e6053a', '\x7657b0af5fc4b715c220b1f557e313f04fb5c929ecd21ff2524fbeb48622991a2831f271369221cb49fd1e871c05649cbc4b4cc6daa59d8132a8d37099e551801ffcb57d96c596fd914bc8df02f8b1d8');
INSERT INTO public.envelope_keys VALUES ('df74221c7f0dfc9de6444723e825a96e', 1, '7e48c6b342b6b0ee', '\x96e466bfe262401335a19fd3a4c6e9f605ba0e0e07240eae6ecf1fa833c7ba59fab3c2400c2151ab049a16a2b59e524c7f052bc1cccaf77bd83ee3a69e5ee06b41e808c6c85ff015ecb8964252e807d8');
INSERT INTO public.envelope_keys VALUES ('df74221c7f0dfc9de6444723e825a96e', 1, 'recovery', '\x48e52a334a91e6539bd8a7650249540ced7fb12e72941686ccf84f2ca19c9f63d077553c33ea7454a708dbdd8504ccfee8dfeff93f3952264c868f856df261116d7aa550dbde050c3b7d23df49da7636');
INSERT INTO public.envelope_keys VALUES ('df74221c7f0dfc9de6444723e825a96e', 1, 'case', '\x819c567c95dfbbdc806f0ad101051c1d7f1788eba41b740a651a29a3731a253990b64d014dddb1b48dac1eb8717d1007ccb08ee5898d4e32418d85614d327a1cccbf8e89ab0109f119974bc5697c40cc');
INSERT INTO public.envelope_keys VALUES ('9d24ed3a331d9e0f34da90b26bcbcf55', 1, '7a6beb8197e6053a', '\xc6bb85f4d6712bb96a65b217a04c4c8719850b818be6c8ede1b7989a84557f06d5ce244e0dc95de5f80762ea802a4a38fb47cbb0d31919e0b37e66d130bf04427e6086903bce21046bcf55500bac21a3');
INSERT INTO public.envelope_keys VALUES ('9d24ed3a331d9e0f34da90b26bcbcf55', 1, '7e48c6b342b6b0ee', '\x0269a324ea64e94319551db86b74b70be84a1e4f33873f110b3ef5ab6083c77572ebd9ebadd066b8c1f1e4607f92e8863d455462a5c440fb4f2f8b952cdac31280c2c955cc5e7979c015374f75525fe1');
INSERT INTO public.envelope_keys VALUES ('9d24ed3a331d9e0f34da90b26bcbcf55', 1, 'recovery', '\xe8f9279a959de149047a78eb42f40aaf47f12f4c2a3fb26b54165097e340222f87197c5b1c15c3d0c41793d1e08621090f301fe8e87ab529912869faa3c6a934d1f79b9e31494693c337a0407864fa5b');
INSERT INTO public.envelope_keys VALUES ('9d24ed3a331d9e0f34da90b26bcbcf55', 1, 'case', '\x086251b04d7633dd095ec12413d65246bd376972f23c263d3b748a0fbc2be320b05880ec3a24759730fd083b298c4802ba8062e369e206c53e9cf754f9510467820ddcd33c265f94de1900c84911aa87');
INSERT INTO public.envelope_keys VALUES ('ca15a1a9f99e6ae3be3d957ad94b2a6e', 2, '7a6beb8197e6053a', '\x8359dd7d968d5ccb2c3baacb7a05a15094b192fe7cb49aea5e3818f22e9b056a4c2075af0e432bb70485264e1486db75f4fb0c75fea42fb31100dd97f090200678bb09722bfbf584f33e7e03b77dcbcf');
INSERT INTO public.envelope_keys VALUES ('ca15a1a9f99e6ae3be3d957ad94b2a6e', 2, '7e48c6b342b6b0ee', '\xd0bf68b8f0015dad4ec97a7c5c3fc56968991c3cf25660b8da2bd6a8ef2ef82fcc6ccfa3c88f33b3caf5280f86991c5d5720a88ec6dde79f20803716f5b64cd5381f1c5f2b54a626a2e1dd6c88a56d02');
INSERT INTO public.envelope_keys VALUES ('ca15a1a9f99e6ae3be3d957ad94b2a6e', 2, 'recovery', '\xbc1a4291235d32dce850fe046251bd438c6fc53b93c4899b4adf9c1cc0cea52c0fc0907e9374fc7dbd724e27d20e0ac67aa607d92c470460fe3d3548f09e8b63e0f2a429e38280cd1f98a6fde3635b9e');
INSERT INTO public.envelope_keys VALUES ('ca15a1a9f99e6ae3be3d957ad94b2a6e', 2, 'case', '\xb71f18b41575f4dd635f70133c0ab61eebd7c8c5daf2fc6b472722a2f4019c7ffe7ae3a410fa5e85240f11eb4bd39f3e87174022d8f4044a0a8a5ebc2f88f59696b31901d73b942e20a044328b2f8af8');
INSERT INTO public.envelope_keys VALUES ('df74221c7f0dfc9de6444723e825a96e', 2, '7a6beb8197e6053a', '\x0e1bb6239508bfe0a7bd5ef600b2ff45569c25c93630a146b69fad623bc03052a518c8ddee1541495f489198c87a969b0ecf4a949b6e7f1baa6c6a1195c5c8a8522a21a492e206c23cd8af4ad7ecaf57');
INSERT INTO public.envelope_keys VALUES ('df74221c7f0dfc9de6444723e825a96e', 2, '7e48c6b342b6b0ee', '\xa5c12a69a3343ffee92a6f2f3ca8ffec029e1a730c13c266b4927f636db4a73fec2eebedaedde34b5d3204c6b7cb3086a9bfc51455346d1b702149aa3f11ec0f3e8b598c43cfd8a47a8add56aa809a54');
INSERT INTO public.envelope_keys VALUES ('df74221c7f0dfc9de6444723e825a96e', 2, 'recovery', '\xa519f03e57688afc1a51768089e8d2caae4c66420a703f5e9e5d1d7b70efe428296f975e4d6e533b873f9869a5038056ea6f4fb0f69c431d15e56427b956c39c0fe22683404f5261a4781d83583da78f');
INSERT INTO public.envelope_keys VALUES ('df74221c7f0dfc9de6444723e825a96e', 2, 'case', '\xda6ffe94eb6165f127aaeb7afa033dce8f5cb551df66adf36dc2d21c6fda9b6f9d96c69ce2c406ac6437f1f0155c8a5f432662714aa46418146576243aba79ec07650acb26b96ab3587286d55b414016');


--
-- Data for Name: envelopes; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.envelopes VALUES ('df74221c7f0dfc9de6444723e825a96e', 2, 'addition', '2026-12-03', true, '\x01256cc3173c4b78b65114fba52ed58d73d60a049a83e7718172ee0b161d41b8ad63cfd36bed4d9b1f16edbcb2c25ab30984e852c1a07408ffc49c507a2dd60892119c435e4dba0d59781452870a5fc2b07a522e968a54bdbc2c3d264590a0b69f555f3b535f18fb5ab98e6a5bcfe4422cb4c4367d9e9a588430e481678665efc71dd4d65d03f7007089ba1311c30bb54b0f5b63d579f8dc70da572f8c88adaf9eb846e6bfc821f34236a3dc319ebe7ea75e342121ac8be375fbaf0ef561117867b461b2fb7491bdc0553dae38b4f0074ce6710a7b5f0c57028963a6f48e75510de4d588822062a96a37937957f85276c4852a613d38426fb4500cb1b688ae94b1618f6a524241d1712ee2e45ff8761c2769a860deddfbecdb9c8306c92a9d9fc6099b9bbf3c2ff0937913d17133ad5e3e9f1f4a6477a2f4fd636023a0a98fa42d66eedbe72409a3f6fa12582c6c6076665fff2814190fdcc87fe148a4a3cfcb1de1f2bc11b91ca8c4aaca0324d1bf8098c8de6ce1754c94ff32921b7000b016dc543217dd727cc9be4273c6c1fc373cb3a977744ee8eae5f700fcd720df8e0532ca43565fe50ccfc6e26d4c65cd6e6bc30c9c329afe0168be83ffa02817de8de8e0447feec7a62a371d0a553ee307515641fa98827dbef47af0532536956a6fb2acda153e6840e8d72f9951f0410c0da4f0bf0a7c3e6f702ab462f613436baff4b244a8308dc7ef12fe8ed3ff76f65a4151210ff0946dfe222b76f1fa9012925d01db4f409691e6817ba79bb0a3ea481055aae0ff744dbaa906192528933d13c216c79c36ef7c400575994caec8a8b79577d5887b604aa087ebe37172848f5a6fd9adf3a104c1acd23ac3e50631c607048d1f05110af58e9cbc607b2f3dce0a178147f1ebe00862c9ea493d42fd5993e5ba05df6e205d23b03d234520de4cc15b39f5b0c37bdebcc0170e7d3b94df2bc0399dc622d8b0ce5a449cd6849174a02ddc9988143960ac891badf0dfa06c97ac62cbfaee855dfa3fbfb3799568744a88689a22b087ad83a518de9b8f25dd4154bd3bd1fc9b1d166ab3672086efeb0d50aeef0d92b7989128e175e190b32b37460ddffdca2e0431fabd9596b91d04775ec07752ef0e2d73201f36c8212e51f5e1f969792c2afecfe6cf02112c5444b91daf27942d39ae854021a67c691fd642d6420802dae6823ecd6c4fa361207cf720ae8cc101d74d629f84c96836896d3f7592a1b9528d8e2f2a402e2b0e309daaf3ff537b23a3f44fce1bfce82bbd80436325ef09df13a778c0a2d077a2b768f0ed8a4e7a6372b566076251679de4e5cdf8939d320cbf19a5afdf3f6ab3a020180d5ed5a902c51b0d6c3b19414d9eba99b0537276415c358a0b851e99b041a7abb294d808445f7eaac2033b538b2396b9902446c775862e813daf413bb462e6fc1b9dfe8173302074b5e49f6303cf89358c00ea7afc5ab265841d791158c4a9e9288dd26ad062dce377');
INSERT INTO public.envelopes VALUES ('ee30401ab8d854c7f414f9d5c689142c', 1, 'report', '2026-12-03', false, '\x01b1408614d4cf2b7c05029d3811006b9cf86c90f0c5c845c66737d158073aadffc46c5487ff1f880934466122b28eb910d52465857ab1017ebb12aa03fd36e2f325cc7c7d5e7e1d31cc1ba3f7895d6622388038af34bbb7d3577139c70c917138dcead81f37ec1cc9f870c325432a62af449e42445d40ea0020326488a9f2f0ec38c56641fc285f9432a0590a16ee372b7153bb4d5b8cc3160d8fb293f08cddba92469d7d9876f083a7132ddcb079aad05f479cd61bebec4ccbb89b27bff3a15868616492c2145e871ffbfeeaea63a49b8ddbfea6d52be16128f98f7fb06ee3849c2e8373942631dcc5deccfd9bd0f8c9fb7e8111b679c7dd29617d71fe2e3bcd360f299e45cf9f0bc1e3f0bd5d4d11b1329a9d2b52acc5064943e07ae89efe07d215b7931aecd3c4d686950c0cd9f260d06ea015ef5dd9d832d2d4bfbf1b6d46b375746f72b37ce0377666892e3171e05668a1b47fd86fdf83ff09a0e93bb3197a4c22e2dfe1a97b476c7f28c18dd8eb49398c22bec58e4d61a6826d6e59196a88fc230ae7b23d7193f8c5b0531dd96af5759cac46ad3ccb9c239507f9e5673d70ab38657eb6bf053adeb0ddec8bb5cea5102448f8362072ddbed422f800446146fa3f074a66e26002008583e8b644de6ecafec8d6594d32cd2b0787d816ec9cd9127e2642173921409074570fd2bcd307cceea51b8696e5d4c66775b9241afae44af9dcaacd4f8137c772b28abc34b8a4b80636a2d3abe55a12dc11a7cdeaef3513dddba3d1ca93d3edd0fcacc6adf25cdad6ccae20426325069bf85da385ef83045c7c0bf2c3f7c88056b8547395d944b6f468bcd57345a67d4b77c3517ff55901402e70f271ee9151293a2e753910aa43cd7de742766363c738bfbb082623a36fd3147455bbf8507a0e0a436e268dd12b33e3f03abe4194ea633c67cc9b5336bedc8c55ec86c6a347d918a551b0b00da04a2009f01e0117fd9f24ea0c2c6d83456f4f3d9ec231a4868e2cbfec8985cc0dd735c6d5258e2ae3290a8ecab655982907e75bbbe7763563b7437f411d57f1d16f1de52f1fe8e342fb9adc17e6f82ec6fdaa28d861226e6a6bfc3c49d20fc605f93e32dbb281c350c15d076d706d48b7202eea72959d08bd673343319d909c3d0003116054112aaa4137b5f8c1e40f219c62378423fe1b2eb201624ad15fe536582b755875e5330cc1e55701c1658193a603e02b4e88d8adf3aebf4500d8b1ecb7cc70c21f8bea5a6f35a674e34b96ec9af1623958832bca17fee64c03cd0c56f1bbc05950dba6ac4a19fcdca10c9680899f58675c28382486fd6048d0803ab043bcbcc6cad601a7bec76477476780b3ccb4cd4eebd2c7338251730d16c0fce0b5bf5006fc31b456eb5f1a3983e0bf1647a786d5c91339dc1ea03c436aee546a6df0cacad58dc89b412113dab17c75e821ee6f6cf0c91d526fa16855d6f66d8f7ea1ce1e36613629adf673c5c4b8de53c80422006039');
INSERT INTO public.envelopes VALUES ('9d24ed3a331d9e0f34da90b26bcbcf55', 1, 'report', '2026-12-03', false, '\x0166bc1ad6a862f191c854854a5a0f6bab32cb8a01d209bdf96b0aae4620643b703c2faa6d7c64c53b58ca6710526ec78bf2e58e5c9a9f94efc78cc736543d8d4b22e74388fb601b600d78c141a71e3538d2cb37b1731ee340c0d62206da76b71d3162d8335eed7509e0246f7b6c94811d251036dd1d3bacaa01b7f202d0619d27dc9631096e4909875fb9710365a036f5fcebfa937cd6eda4a4dc29846e759844353f9f07a9b77337abd093964bd6717c1375b16e85420a740b910950b5843627239ed9905d656edda4f260e8449554344132d9d6728fbd4cef8381e1509d7811739566849828ee587148ade766afaf6a3d547512e387a2435d967f8c551333c7df35a56228c37def4f8961bfa9d7985070d0815ee9a60238f836d289aba40018ac52c03e1a456eec5dda251598b1360186c63888f06faef68754ffe640a9723a08645045f12900dd4b678a057e46fc455efd5e713b94f896364dd721e3129fb5a821daa34be7e82fd71e304d96d05541ff288747b0c69e06a20d74917292a517186323a59a7aa7a229af3653eee04d00fd209802575d0535275bd7641975ef19e94eb1a69c30c5147fa69da90327890ae19bd2dee95ee32a4c0e4daa4e563cef37d7717f56d3cfcf0a28b699dc3a08e21a936590bfd21aada08618e390410db901ef2ed7f3496559c42d824c9a1e1b5bffc22ba32f842c6f1a612b77350be272e8d54526c1bb65b152dafb59e01ac2c298cd14fc911f879780088de38deaeae74b116c7e479844523ccf4945086bd99a8d7405806c06377d60f1947861d9df7fc26768dd814fc0cd13a0a9cd3ba89eef177ed1a07b005b999063b856bf3236ef416f5818de9624f4f5fa29bf691be88a587c6d63dc1941ba2da5a57de59025435fd0ff55c6db2d71cde2dd0b216e4f22bef3349f4b3a2470affaaaac321d9bc0fbd8832daa4c502e60b175ff2695115d79aa7f12e2faab87d6681053336d8382f0b202529c30b7c38c6593233b450d2c25ecb5cb3ba462760b6966cb99ab6ea309d977e1115941c141c0c159825216e3cdcb5159670ec96a48955738415e2c068e610b3995946c602d167d06a3fd5b47930cfa825e66bd556e1728f5db9672825fb6a2ae8a07cddfe92fd10a970e07b697f6522663438382af171b601b222ba8fe1fc7edeacfdf7c2977a51974538279b66cb6ade53b7cd51bea2c3066473d589759b8b36e50f4305699da7bea85ab9198284c9aa82da20b35efebcd7591c74588ceb8dae2e315b728980b37ee7d0e269ee62e0119178e32f094533283556ec2b72f90e56f8f395d95b0653e8160c99ed00444325a52a789047756742310669086fe63af739abffb1d6b9faa1432358115498bcd1af146d6316875563b11c65a2716b67096126e45b2944488fbbc5fc717b1095a1a59a4696a52b6cd4231f67bfce07d3d478e29312e322e5546b91bce5a297d2322f3e65619279056609409222d3c3265833abf27');
INSERT INTO public.envelopes VALUES ('ca15a1a9f99e6ae3be3d957ad94b2a6e', 1, 'report', '2026-12-03', false, '\x018c4ab8b795c768c3143f8abcb5fffdcd02caadbbd3fbc29a221cc91028546dc8b0781a87e49e84e857d081990858cd7b1f255017265356caa9e0b52a37b590af8f9af9226ef6b9e5893cd36d7f28d7f64cc7124b5a5d25c5f0fb7ef853fdc8f5e643e129f01163eb184ca43e9c59ed20a1bdc28fd137e1c4812f0e313eabc2416e31e7b9177a3355a37def5a3ff0e6666303f15d33bd80910d7528966379e5a6b4b9d803d876fe71f53f75a637e4199ffd9904508c00fc51e304acaf3bbc855fc0742479997ec7b97944ee77b70177a75f153cccf5b14eb9c15fa11eb176c5a460c184d8e32b52088e732fbd9c1f7f616afef82f4087b2ebc118611c4f5812fa62d5fae0de6d47a6e669395ea7b7491b0ab52779e7fe7e7e346fbe9136cd46a252d3620cf50f8f7ae74477551e7a79ea806384bbcbd59689e8e02285e43b68fc649c203b6f32cbd7759dfeb44a14932404e0e0ad323303e2b7b99e8f1368021366b26e1c8d95ca13d1b0799bfe2fe8c90ffae42fc91892458ca21ce80e88cdfde3ce752291f3852e82c7127810ada07bec7e0de3080df59408f6ad41403f97c330ff89710e7d3374011993e37c5f83f2be30e3ffa93837290ee5f04357134347f195222a05df06e6f9abced5eb53193c627d87b4c5aad3fa3f3887a5e4447df4ff95dce693f62b9d61ee85421ee8f3fbda52fe6c1cb56c3d4089c4e14b1a968938d6d320dffbac5a72ffb1cec3e648ec4c88d969c9469207f7c31d02f2d2e6fa540003cf363fe1b587596a7aadd9b420b374eaa5171bfbaebb48b798905ca196d51cc8845a03cc944d00f414f0ee49fb8c7795ab087e9409e24e8b0ab47734a51984196ca74c2f928b6005fc6769c40fafb53b7383481e63ab0be53d3bcbc81797be192f9661d3c31c6c35c44f9593fbcb7dad3b23a4e3b63919f966fd80df268cfbbf9ba8562ceb742d0ca9ae2edd957eeafca70c7ecbfa9d2e003bba5088c45e549397726763f6e4b8e52f4b3669f1baffc4c1c9be353508eff664c7be78476c02dc85809e94ea5210568380745ac89fde9df4d7a5b44159791a6f56c0445722378202ad32581fb140413d00c293bd779a785721078006ba77aa81391dda733ef47e5cea9963561d245571fda8613c29d76a001b0c067462842f8974a16f6f9aedf32436c4cb44bc4cd70fd105daaac2fd0e19cafb2da22884c8df6298e1c64b9262407a5a2596f1eabd13b2d0d5da825877a27e82a28b91a3686d11068d1dd43ec1bf83e39af0c0a2f9d95aeaf6db5a3b3246cbbe157d6bde983e63d5f04e05f15f56b9f664dcae10d58b1670a7340b32ccbc0787c82de446886363a0f3937113d1da3dcc117b704919dce9382a99709911e251ea20e2de28ef4e3b6b2cddb03dbef2aa51f1101869abe433583421e701b9e21a11d48b98e74b299489d9bd7245698c4930a2c2f53d9403e3e43dc02e785a23833420a82c3e14148d90763fcfb238590df09d50');
INSERT INTO public.envelopes VALUES ('df74221c7f0dfc9de6444723e825a96e', 1, 'report', '2026-12-03', false, '\x01cedb4baeec5db58850b93a087f7ba8e1e64fbf2197495fede6ff692bfee0ac39b47bee3027adeb6e346b61711895b2643153626cbb22c480f44785c24fd12949a4f27198df3417cfaa77bffe682bff2a7ec99bdbf3d651cfd8adea8d8f08745c7e02169a23b741dd9fbd17e76332ae25e979547194b4a802caa8374131efc16e124d8cf5e983f51c6af80226d28d65eb3d8958f50504cccad4890acf0dfd3fd39147dc68ac0a1074341249418d97114e50634649fc6939ecd9a6a14e57ea7797fdf44ec8108bf09d965779e36e2802a393b8d32113455707149d1e0c6b7a3ffc48e73374c4fcb5937241299ef9cd303a19c55c9d90712a150738c10fc8ec120ff9d35a5a50babd3910f64178ce52ad13a849a00d2392f6bb06ead40824a1287060a1d2c9ba51ce5f3919b81fa2998b027a410ae7f4426218e7188402d6f4243e25ac8c38abc103c9bf07a6714095320ce52ba1f0a3b176beb4fb1e5805e7ad7da0bba0858737d4883d69f4e30e75f8c41bac8f15b1a836dccff6d56b963c4712e59dab6d4edb764f4b08ae776c126e40767cdce31e8f5dea83acad985dd1d36cdd7c9150f11384406904ecacf071bbe9ccc87d70f988c7f459dfb702c6ae9a7e9718d64eb10d7bfee25dd23e38bc7a0650aebe0e14cfee8810a09f6317f28bc62f608fdbc46617765817bcef955d0c141c62c576c469cc4ce92ecddfe5be5a88ee66ac66547a98dc5bbf0034895ae60245c1e80e9de85b575ea9b9be3e2a8c164708393ef53b86577c1c164f1d805c4c53e9a0bde3ca441360f205ba7ca5211f08530652681a6e33b558061450acd3887585a3524595cad07d354f5447bc6375e3d76c8583933de415fc081af0993b98aba458360028afc001c422de18ee984c1fcca4f37c7a8fe0b3ba03979792ff1631eb19bfd4e2c3ac8c42e69adfda923cc7696e7653631d543e89a6f57b6bcc82976bbf24383cc56e2be5038dc271f20962a9329561d03efbf213d35bb8e7d14456d46fe4635bd556aee57562baa59535991e72b01a1fd217633b7d89a3d8db2a577601622684a55b2baa49900491a431badb97bb5249ff5bbebf279ade0a038d4c1c97436cf9991678113bbe55a4262d616fba198c2955869f305a121a6c557eb7c39c7729e34b54d48032d9f458dd1bf34cea48256eb2c210c9b9bdf1eb65bc772ad7b282fe695e14cdcd4beea21466ace2a3424f50f86ae38f9b9c953b169add6aba4160774c63715a64c625dde2240fbc60d47b8fc38a9ac28911d0a94180728a36a754890cfdc7d20b30a5927cd534237d0d2c40fa5f1c7708a81a46a119b61a83f1549e34940c734ceeb41af583f95f4804c2d55f1c18d24e676a96922294991820adcb132ef99fc9c348c9ff91ca5dd469c3345a59469520ebfd399c7106351c595d820d08f821c390c18c499cfcf763953895c10c15af24a4228a27ba3859cebbbc13f192c06f2874a45565844383772a78ab0b7c');
INSERT INTO public.envelopes VALUES ('ca15a1a9f99e6ae3be3d957ad94b2a6e', 2, 'reply', '2026-12-03', false, '\x01d11bdd63dd0562af9224bce08817ab5be4486db26d8285482c8a8f9fc68f73d6befcba71aa8237e933f093fd1bf6b5cc0f1519602c75592599b60aba4598c70eadb6dde0759012b3a843bde6b58b21a86ff431888120accf74e6577170a8b89443dae4564e5df39e886f2eda8ca54a79ea547717bb680b9ff7e250d074f64b256b85b7f24c46f63802dba77114f90c9559bbb2b9aa88a4fb0c231d8f418d8514e7d4cd2f068fd9e6245643930adfa04bd6956db6bd85b5ee611f130ad772373537158a07921bca175854c8995324a7c66b060ac9e9d20e864b2ba3c5444ade4f9e22e6ecea3a79305f58f13253cc193cc55e5312b8e4b3e9581884ba9c174003654845103cd8c4079aa6fb0f4ac0efb5499e5015141a098df1e367c3a4c116671ea19a6f8d117e5adfba9f9d0b205aafc91fa7001641ab56fc4600d1cc74fbd038c49453b4ac473c759033b979181f474148dbd8c330966fc05075d72d4203c2b31854de24e39a800225d3b4a25890a980c208ffef62961fb4ba2b36407357a5de8e986ccb19814c825039c6fe843d9d96862edfefbf93b9d2ab881c79a42b762f4e380cf991ae46924677cfcfe03dd9dd2a23327ed6afaad85b43565dc179eac5e24c99953fac437f95ba4d779c611105ab1b6146acaa14536ca0ced3ad16ef26a5b75cfe9f8f46c5a207b40c083d06ce9621c11dfd0b533867c660e098ffacb3f4f5047663d924a24b32d9f22c0e148207af9751a088770c7f388231368c0fb7d421c45aa0a1c749ad26226182c7d95e259b36dad441c9a931b7f541bbeef1c94a63e47d111718998a7c4391cbe8c1904a5d48f118e00dae391486c1c9b7ca6e18894de2c55f0602ef09ce73ba54a60b5da9d3380dfdabb16b4d3ad3ab2c282e2098fec243a84a908159e75d01d7eedf72227ad6297ca14a682925f0af3de7c23eb6122e2f87f59fc375447f8a50a7e741898b8610540684602452763cb0e6af6aba63a0b2af041043bc26cc658ae36c60de4a2ab0b794f3d9aea14bdba1e6759e6994c5e9513d8a607987312ccc982f77e2ddbf5997ca93dd0aee4e483519309830c88eff2c07baa6afbceb3fa990585e58a5fb5b4f990d7dcf008491ff7a7249461a4900d814e02e381982a1525082c3638775deba7168df2824357af4f9f4f759e7f4f69658fb36c4049c6518bd6f5cada6d7d7cb99f0990b50553fd85380e752d496277b780764b0dafeb8bc5e90024c86a989a9025b749172cadcb5986737ec68bd1ae9fba01c492ac938998d0da4e3b92f5662127d7d2a888d73af8474077789dfcd5f38f9b5852d36b15889671a5799aeaeeba69c94d176c94214bd9e7c276646ab463c82af824be6e9a6ca2985128713f3f348c76ab03335d7a48d587af7748d33f1b9f41b6893852217aeb2f342aea1bcde62c8e5befa06de0e58ca87804f75f8032b040d03a75bf61b307f03bec18d60fea43944abaf2925db9582eafabd2c3bdca1');


--
-- Data for Name: figures; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.figures VALUES ('2026', 'kind', 'threats', 4);
INSERT INTO public.figures VALUES ('2026', 'age', 'not said', 4);
INSERT INTO public.figures VALUES ('2026', 'platform', 'not said', 4);
INSERT INTO public.figures VALUES ('2026', 'opened within', '1 h', 4);
INSERT INTO public.figures VALUES ('2026', 'replied within', '1 h', 1);


--
-- Data for Name: fragments; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.fragments VALUES ('\x868b9c98d86864be22be89d11a84ccaa0aadf60b587d1d6f8ec5c6e562280679', '\x01881c84fad3b8c003e37c6824f5c1ea0c4b804a00f217ffb18b991d6f4f2d081733cfc98dc088ec4efd83c00a17ce4968bcde2bb736732e98b871ba5f9d0fc6abd7cf32df361eb27b9a8e0fc8adccc2c9c9655bf31ec3d675a97d363d3bdef2ffa3bf2bb65dabe122e062a16de0d88747e0ea3665ae5ba8c6806d51c29f61bd825ddb76e7fea204ed2f79f0dd44af62800febad35c61fbde1dc670a297269c4922d30e187a80126029b391a6b1c4a12158b7b3eab9ac988a8b8fbde5e0388bb7fa5863b63c59a4bda1bd22fca17354fa78bb7858c4aee81d8c9d7ff6561018871f59b8a29a75cd9d7b0b5775b1e74d4ea1da98d0f2b7b6af13cf095bb6a43a1c20addacd601f1bbf206547285e166536d1a01ad1ea66e106aa8885ae7dc68856ab5169b081cc5d9d5', 1796292120);


--
-- Data for Name: handled_updates; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.handled_updates VALUES ('telegram', 180, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 182, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 184, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 187, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 189, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 191, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 193, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 195, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 197, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 199, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 201, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 203, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 205, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 208, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 210, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 213, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 215, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 217, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 219, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 222, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 224, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 226, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 228, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 230, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 232, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 235, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 237, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 240, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 242, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 244, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 246, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 248, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 250, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 252, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 254, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 256, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 258, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 261, 499018);
INSERT INTO public.handled_updates VALUES ('web', 263, 499018);
INSERT INTO public.handled_updates VALUES ('web', 266, 499018);
INSERT INTO public.handled_updates VALUES ('web', 268, 499018);
INSERT INTO public.handled_updates VALUES ('web', 270, 499018);
INSERT INTO public.handled_updates VALUES ('web', 272, 499018);
INSERT INTO public.handled_updates VALUES ('web', 274, 499018);
INSERT INTO public.handled_updates VALUES ('web', 276, 499018);
INSERT INTO public.handled_updates VALUES ('web', 278, 499018);
INSERT INTO public.handled_updates VALUES ('web', 280, 499018);
INSERT INTO public.handled_updates VALUES ('web', 282, 499018);
INSERT INTO public.handled_updates VALUES ('web', 284, 499018);
INSERT INTO public.handled_updates VALUES ('web', 287, 499018);
INSERT INTO public.handled_updates VALUES ('web', 289, 499018);
INSERT INTO public.handled_updates VALUES ('web', 291, 499018);
INSERT INTO public.handled_updates VALUES ('web', 293, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 295, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 298, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 300, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 302, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 304, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 306, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 308, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 310, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 312, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 314, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 316, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 319, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 321, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 323, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 325, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 327, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 329, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 331, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 334, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 336, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 338, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 341, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 343, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 345, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 347, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 349, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 351, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 353, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 355, 499018);
INSERT INTO public.handled_updates VALUES ('telegram', 357, 499018);


--
-- Data for Name: limits; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: login_tries; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: marks; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.marks VALUES ('secret-check', '4acb8b73a302d8722ce4520147a1e746');
INSERT INTO public.marks VALUES ('last-backup', '2026-12-03T10:00:00Z');


--
-- Data for Name: recovery_key; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.recovery_key VALUES (1, '\xeace1bcf09a18f555c8784a0936ae9cfadfb3a6c821cdc36a02ab5826c736305', '2026-12-03');


--
-- Data for Name: second_factors; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.second_factors VALUES ('7a6beb8197e6053a', '\x01505901e2d2257b8afb6c2363984d69911cb46f511d8d22f879bf88844e543c7f48aa51de0c3fe94d9ae9d69a64825f83f1e5ad8509db3cb1b244ae1466c163afd73978a7ca5b6ac5668760a3bad7b141f0f12b7b2246eb0d34c29b720ef1e309f5a15ce232a731bf60e0184dda1c72f3955531c3cb605fd5d9314e6b5166fb2c1182b1552d8e31673a674e3cebf30d2f21a8d273d064404c44eff5ac5c2dd91aae6fd3fcd7180585b12dc8221b85cfcf22110bd710a96649e35ee6cfc89c1c1b184304a11d897bb8f9243ae446b6b1258d7dc5f28f4170cf11d674b17b96b9cc6013bcd0c83630df82972353955fd6d662b0fc73e282181493d239cd339336685d56b0634316aaa7ce8398dbfd9f508f84be01e9b82c5a57420ac2935b6b2dc5d368643d26af834fc5f6c9e9d7a3001cf3a5aad399d784047b08d1e32622829f3d75c148cbb296514fc50b54f1576aadf597dddfa897834808c4aba69ced78e9a1de84d3f547de71f19c5d6b929e54538940e35352326c163f363c6cf47ed8de14f463fd861919927ea50a41e4eb3c2f176b960011d769f235add078d9ef1859a3ccf0e52e2442991d3661bf1b2a69ed5ea85e1bdf0d5b03f96021829c588577be901a2e62e4175c162988ec9928b478eabd4ff51b17bddbd9e5ec6821516b9af5c41f70fd8f9d43bd3068914468897529dbb6f7777b6f5d8a4808536465ae3806542e13873df2c526375bea5a26b5b0c6514b6d6fcaf181fb58d3f6a1dda33b78a59d4cb8cf1989cdfa8a7aad455b8be6db0f90169f64744adf6ee8b45aca78b1b30453f66f844cb2d5b70db67b80755b0d0c2700513324cb397db58478df1d4b52cd811ed6e0e100b300ff8a1bbbbe9d1331a88f9479efae27db5f3fbe9e7477966d4825fb275f3e16af788d24dcc757b0974883411c31c3ce35ff44b0d389253f4df666c680f4ad90bce592640de3b3c8879069729a5b7e5d958a19a7aa8a7218277698fa9835a83a9312c0bd78128f12ffff449bbc69adc046d9a797ecde15bf52cc9641eed0ec6379556698b7d4206965f0f9af703cb7a9ba82345db663427da122228e5b4ea90ef4fd06eeb780c27b48d38948edbd9945ed7748ed02a2e92804eb8ce40831d893985a2389db4b4ee9ac672fb685c5578f4fb53d245d02ec090c3e5e31a1054d46f60480bcf439ea4d23848d0a4a58c93bb1d6d4bfb80d1552bfc065d4b82f7f0d4f12e416e5b4dbf54d3da293dca356599bc1a717ea8149f353c9a3b7ca2806102d0026e322f9bf74999a8c4821a045087089c94e037f4e693a8b502388f6a3083d2dee1fa11db6fae1cc4eebc3f17f7237d22f144dd31be2d6b1f0f4e1b7f41ef811e0c8eb6cddf69b1d34e2d13759b8fcf1174f3a414b07340fadeb309f654c06681e8c240a6f318271e284fcc2263ec9eceaddb3ef9f8ad6f2f82e466bf0e8d59fb3ef5687450dbae78f02e207f5dedf28737041711afa848244b7c833', 59876400, '2026-12-03');
INSERT INTO public.second_factors VALUES ('7e48c6b342b6b0ee', '\x0146dbe5e9a50a7a37dc33f090cb19c4ddc7cdd4e1dcec9d2f94a3e77e3f9af3ad148e3c29aa7b67f5e1387ef0c419ecd2eb836a5eb314f3ea4e815d56916dddc7bab44bbbefb49eb70a64fb900cb0ffbdf8195730c6ea7f1e968f153a414e1fad3a8203c5fdbed81e225972a44b0e13e1915656667cf594822f4f535177927e5de85689e6277b6a52afdf1f1f51739cc7b1ea66e1736f89e5a45845497800c61b59621288abc18206bdac6a1fa03674fce01ac42958d01306c476d5b98bef934fbee23756ee1362ded5bf9200288a7967a9bbc4219a244daa7e0cd159aefc88928657c9dfff161b55b436df32730e66816b38b693b9ec5921058cef6c7d0fb5559cdeece5714162dc39d6fdd0cea9600864cb9358748c7f1002e3f4ebd37f5e9e0522a17baefc2f8f32f4fe243f8b22638d323ee1eac80cfa9768f9197ad0939a3e96d37b27f1fd880a8de0ad8ec993f3c6a42bc13c80a7f5dd0c55ac5a9b81f1b2c6f8b08e6a388cccb8614e65bf0aef293140c79a6a107767f4f260183f822d5c874437254e860d0c2b32aac441d41eaccbb1772d6f95d8d27a362fda5f11f54116244be1e7222582e183ac31bc7f51e0ff428f2d0d31b3e0ef814d9a813fef4f351da64d63830e3e36f57280ba2911f0beed8feb1d205a86ef824772757e3a9d72261ed45c5508351fc6247ae4206dd55f01d4bcd1cc6ed95ffa4257f0a45092f77f30007162434cef7d1dd5c2ab78a8f35c909fb93c14fd801936219f189e4fd674cba3ba1618bed63ca83779ea77e1c1d26e41003f83ab21517f1a5bbd0896c213a8eee16cc2a2d628595d8c4406c5705381002c691e0b062ced461833acc54e730f693a3d61b18bad53bcf74d67ae7e21ac9870cad22fc8006264e24c37198c15679fe4d93c0a36e6315b5764b70ce6519d8a3c3862d6695742f97173fff94f847b102a24ef6e783390e9a90e73280c9e21edc282e91d0b293fd1aa8c4c106aeccc50cc2122709cc3591d8c286bcd72530a179236fb391fd5e1f00de2dbe9c9478b5098678c9feb467c37d0d6ad94670d136321143481ee43d950b84672d98e8088c3b55772c55881e61e368438c6a84baf14ad4b087791cad78194c81089ed1d84b38feef22685c00bd91e96ca626b888244dc8da2b201494b0e67a750282e9e65e3bf04765d31d6dd5bcbd7f4d28c2f8d9bf05c0673e9d72d21efdd4312a566512c46abb7083b56609805fda552dadd9a031b1e39d3e44309c9a020e07cad562b3075957b27758fe582befb3181440b6dd7ee9a07f85caf80225cc956eb4b2c1e1ded4d36ef5e406f7a81a1d3bdc55f8bf86ad72afdd8aee91451d1e270b90a21c96f361e7916024bf4a899c0862893ebd92bff1a63ccbc7ea978cd2b385481b4e37f0c6e8ac7afe05073ffa13dd5aa43f12b522a8a7c2e2fe4d224c200c5c85836bb887fc558c99a730f1b8870676c9bee0a039e02e802489ee490935d95137f2453cf39', 59876400, '2026-12-03');
INSERT INTO public.second_factors VALUES ('e97d64c1e16bac2c', '\x01bc7838310eb221581cb22bb1a8b2bdb7fcaf64420116ac92f1186abee3fe22c8f0320e2f104c011147e94042e1f6574c93c7e43c64b2df18be13c196242ce4f10d1a17975bde511d4243d182525766a0df832b19d2ea3520de797e5357eeba63a510e5a0f3ce23e8920c74d15b374d7f6c02c61fc6d088d80b1b141e2f1246810655ceabfdb9d40d2f81cb88378e1804bcebaaff4a2eb574005dfba974efa9f65609ec8130ca07adda11be078eaafc3cbc063d3948c48deb3f5d37462dee598666d69747a2667989f9c84d06adf7097701decbf12e4370f94430fe66821594721eb95ad8ff3a1b18796ae9c337b1c9e74dbb7bab4aa2a6777e714448e28eda3b9c560b7ddf7f79178a9edd974c18e102e9e755512ce3c9f306fc3e955f412b9824fe988e10f622647ca446c25a8cefff1a149fb93ebae113169c6a0c5620b21135b4fffaed676ec2af32a53962e59329fad2811c1391baf2c4ef3727a17fa602d005ae4119604abe00ca20bc509915266ad6f899f61a6a32530992972b87f0fa642e19e21fc2d3e9775fbde94ffa92b1cde536dcc6ed26926bef56ae59dd987f4ae240181cbfea65f6f229e1f49858ff218a33f104242be275ed880b417b3ea60fe02655d210872b07d1f3934ad4a5919ad1c4ac4eb56ee5ee5ce2ee72cf247d40814a5df737798ced8397de33fedbed240f82d8338153a6f270c44f2c9f719ba251419f1e7309ac513e9dd16f1092906bc5169f762caaabef3737706edbb25fa985cd51a4c464b7d8f81cc00071f2de39d65b682f93c5a22513a83c08ea7ecf51b1bd7015ce9a406711235631e696bfe061eb57db6942fb8f80d118cff744cb504e30b10edb26584fb6eb924fb80c61d6b1a0e008b7f9cc94a1d4029e5e832c8591fabfa3f907f1ce441936c9a97e97a476d3b636cdb184cdf7817cb57d6cc6e780178ee0c4a8859366c2992dc8413121d463beb67815c57b4546cdeeffc39793bce95e8375a08533207c73ff4237e50fd79bc2d2f0cdf8e76cb64c6a9763383178b6faa751aff8d7f1f9946eda4f7bf7680b53f6eb7fed92129b2b02e9aa196cd2fbf968cc19a4e14742d12bdd9c64c82a19cf014a1619440b92bfcbd25e038aa19f959fbd54736449051dbb6ae40c560510c9bc18fd9e2cf87ac88d2e85f93aa37b63a687a7fd63130e27c6a4e851f40f4028010ca30056450c379198b562035eb638c61a9622b888bd448476d3ecab0c992a84ef62d6e4874567b4983c7c6d121a1e8f92591c329f86b4d0b21164d37fe9bfc3dc3b23d817999bb2ae5759ae19d0da096913dfba3a53a5fa22ce2cc287a9ff3525405b42575534aa523dc607f5c450f2b145d50683fa236bf9c589d9d0b75f39f29705d210966369c9fce8bd0b1c661fb935b2c2a99d8fc3398a161137eae7c2fb0432b31e7e162ec812d03334bbd4fabfd57095398238ff3856a8057bdfe8a6ffc61a20b58e99e630d58a1e31fbdf66dd3fff', 59876400, '2026-12-03');


--
-- Data for Name: sessions; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.sessions VALUES ('\x868b9c98d86864be22be89d11a84ccaa0aadf60b587d1d6f8ec5c6e562280679', '\x01153fd82adc253d968922460177c22251f6e6236a0df30865eef638c73dfdd4470fd61be5285995c711e8222a7af71053c26e63c1999c3ccb7250a93fdf33bb490b50fc106266f1e2b7e65dec6af89956b7c11920c7053e1ac28221d9cc820676e2d2e551ba8ab7326c6fae74d37b62b662f9f29dde569b9968f6e442f82e384f4771d7416c6ac8d4ac96d5200aebc1e056c10db310cb42c4e554ebe4af5d71b76ec055f3d56b5d1bfedc85223fc78b66d24e98f13a512bf8495270cca03d5e50d9a493327afc94c5d0cae89bf21ce294a804c9b721eef763af9efff7047bd218a5e8e1f1eb2a926606202960f08c5931f7b54002c099ec63286ceb1cd9a750480d43c6f766e0628e7e2c901dd3da9de7100b2d7e4775f06e2c4e951d0f33557b3bfe18309b6c7a8a', 499018);
INSERT INTO public.sessions VALUES ('\x85fa35b7fdbd3419636748d12f00fb54fdde290e2bddadb90ff5d7b596c82914', '\x01726803b128b25ef7d64ee52b8d2b6b1b1fc1f1255b399989dc5ecfca6032f2a03a0babba7b9bc5a30b6967a057b4bc9e86a3cee00c112b2a9382c5eba3aae710d2e70b214136f53e3382f67078063efb6e756cfe8022c12ed6c96207cd5fbdf3e846f53dd815a856de96814f6cb4cff07947b37edb46949110e5812242ce676924e713530d2646494ab11195bc28492a05cf2aa0a7330a50d84ac7d05c96b7b7396ac592259f3915d5e9ba7545a10f9ac299fb4a0b4c08918eb1f41ccfc1b36457a797df0766de73e2a4f724c7691a3d7c102f24d0011fed283ab9075d7d5603beac822c0b9cc73e3bab0fb0349e8101b8a86d45550f319635985cb2d5e4e03eb9d502f53fa857471eb66d87f19fac88eb805c1da225a49c6149a12c053cc1be02c4b7de021f608e693f3507e270b96fba2fcd83385a74b50862c8072194452beeaab7a4ae58441a6635cd9d871ab6afd6a3fae05d660f87985445498e23617da4e5d165a1dce5f36c2d9d5b65856173ec71b5297ad332b45fa1b5ff5006b980b272386740f4de3bdf181ca5a0a62326c73d8d399e4c26bbf9df308aa466458cdf0853c26baa5951b55dc3804b34fe2b52d746ea95d43a4663b3f3edcbf693fc22a54137bf81ffbbad8c50649a964c39f5a25844752d83f6ed081a6015184c9d25756b1df6c95c07fcd9afbe094ea4b70046651b220aed474a7b22fe2f1639f2683cc5b244602acd81f13c2a189f3d4521a754104795527fa2928091dd6fc8fbbf91ad28150cbc4f', 499018);
INSERT INTO public.sessions VALUES ('\x40b381af6b3541be8801cdee1e216d89ed1497f225f29d69d78d48d9f6343ef7', '\x01a0936e503b3e772570549934efbaa0603a29817a08509b71c42399a2e598230518a4b22c652865e474bfbb3c299e8c5f9bd88601db84f436b2e42462ea7cd0bdf376281259725eb9e5388f1480e1800b7b32a6eb753d8dc0312121b318c667f1f61ff4bbeb59bca4df6e13279cb59d889bf36f9cc4c11639da52e5634dbf6259d589de8c1a0f49a6b81290b7c84f598ddf06c2a91c8bd4ed986f5d699c34f7131443a4604ad8be08cbdc0034ce8269d583fac0cad33c34fc46bd1c368901772f4420a296e440b474f4bea887bc4c9060d27cf9b087cf198e6fce2935e56a72f58a65b6ea73d05588a56ae8054fe6b6e46e283fd84fc79e649a2c8d706c7c859b00483ad0e579fe2e497ba2e5b4cdf76e6ccaefadf440bb0ce8d9883f02a8d6daaa0d624147c0534fb9c98a41e53324b79ebd56447feac38fd0a477e3be73f2acdacbae45dffbc940080a1576de3903d617a4758af6c894ab76b28d4406318b4c4e76537a3c864c92c1560afec4d38346caa3850fc1ff410a0ac94979d0f56bfaee1338ddcb8b4126a1a2502e3d480b2f1aa981f137edcf4a807cc8e1da3edd96cd7954f3ede6cc98725720ce380bd043579aea86cdf27515f86bc1617492d98a0c9938ff3179499a9b4230c768435a96157867dfb2375c680812b6a41da8bbfd35e3f3fd794f13a2225aa9311977cb092252f24a04742b3281f2f257db0b12726485ef750eff90dc9b4155769c88e986504e29f06e94de973aa856171a3d645f72910890a4c2643e', 499018);
INSERT INTO public.sessions VALUES ('\x9e2be0bc2299e8d7bd1cce1b77911d789ab961b671fe9b4c7d1e4b0292c2bccc', '\x01072b6db80dd173af289c426ea77494960572352fbd1c219b24a58d3586e6aa0993fa49cf833cb4b8740bb74f66d98586d02f4cafd56dcd620d32f3ab09045751e9c05d4063cc00a73db3025623df3c8d843363700085cd23a511aa0f8122bb4f07f279b503a06848ea85831f9f76fda36b526012dc239b6447198848eceb6b582ac651419dbd5e7440c10efddaee8023320ee0fd6d9dd6da06647e26add5d63f6e2855573b97475fe290d4add4e2bd87b075adfdd302e8ae04de78a4e2003d191147920b26a49ca29427c8dd081a19bb41780293ef12e8be45aa0a559de1172836a2f2b70dba3f3c46a5aa24ddd86d8e92e8bc085f17dfec9e98185a28b04caff48ea81253b97b8dd9ba8370529dde98f90e54bc60abeaa06d011396404f1f02196843bd079042c0486acdc0348101f6cb7a09687b8cb15e553a0545fbaef525f490a5c1d2755deedbb10c74507a02b4cca668d695317a7948816f0e13769267ac7a0fc047793a472dea3aa24beab5fd671ecc549d20e68fb9c09e3e45eb6cb92f5ddf112d68a0ff35e3dbdbcc0cbb6ed27acbd24c79b8ce50102dc4ba3a17dce98bb59d7bb6d45bb654a70c1c462a8aae5d536a99a9e3bb86332c50f86bd261a5119551c4177d15d0352d6c6e5248deb20ff7c0afe01a03aafb30d1374ef4b33915adad62b4ca710cb02a6b32a80c31b2e520a582b35d49a8b6d5dcc441e366ee5f602d5ce3b800f565ae9da3972ef5b92001fde9b7e99a545d3d62232ab05f6870400b54ae5c3fb82bf9d662d07f770dbbfc1cb0c742fd29f55ea712c4ffc3e3c6fea6432f48d7a6135299a9183e2741e07dd9bf5c44f2b57883a2717d58a03c9e67aafe47d709a53f20e888c375d848ebfdf0a085e7ea5fda59ce3030f32576f8e8f341a1283f9904773e622bdb95f96cf9e93b72e7f65408dc268676f171aa2fb692f265aba539a38cc1a8f9dd65b6a7c7db31d3c44b0750ce02ca46c003d15c49c811f937236fb1dcf518433052f859cdc281211bcb07aaf3d6d9e03b3845cbff638f96c3d3a70dc986d41ccf9fc94a260e737e0cd4d8cb60534b9a721a957b7e5ebb01b4b990a4b8d1ebc7c118fe237330d30170a9f7d0dadb8924c85dc143e13a810781e7', 499018);
INSERT INTO public.sessions VALUES ('\x0d31401057c9b8825177e661f5c5b206a21dfdf8201dc9870ebbaceec82758cf', '\x01d89fecd42f51e1cb6d39d1035e566e6daec3263d75e85f5f268ee03f6669283d72ffad885fb7b05e4b46cd6e4ccf7a6c603da92121b4d84cce91673547b5c1f18694d5746a16d1a1411ebd4ccfc3fbc77f32fd23507662249560ca891fff0cc09b2beb83b418987edb529b2fef9f351e3f0871e9e9d7af2deb7019110f387149a8668ec8f003d2d81107f55fb06eb1519c1583e3badeb16221302e264d7b0159cb3d6e7975b9bcec3424d7cc46756ebbd398a04fd333314ce865ef9cff6322edb747b15c6828efd187ef4a2bf38ce20785cbca9166e9e36f506a1da7ed5b72d5aa822df750cd2fd18b74772166d8edf40b87c3ccbcec424e6c126a96fbc1d8ff50be8a90c7ed2c9341ebe628c1d085ea5bf64ccf14f17cf81bece3d1e86a2ca605c5759a2023387921927ce4a42bc81ea445daf5b4d002664a1051fb400f41e2818bdf6759b6a4d968df1509c9f97931bacba6c160473aaddebf831bd3c5d6baf0161a9bc25e5cece61088b8f4eae7a1a420e390ddf8abe710a0b5d1d570b59bc1e7a8bfd1aa0f3b065f832fbb086b75b56f08bb4e11d9f6cb85be927474de7206225e67cb449c7c0e77b4959ad0e9a2d41bb1fc3cf7ed79dadee1f226573b000dacba92b35253d8a551b2847a210841d85d010e94d6b6d14200fc5ecd9974f58f1bb5128789fe7e421d89634764039619c167c2a4ec1469ba15d9d249d420da39a188bf9dfe1ac921ead468230fc91711285aa5dde9135b8d3573ae5962393aeaaf464430be1328dfa017a5c7dc8628a047fa29ca6cde48ecf1315b054f7225cfa5c59499a7f747ca41d923ecd16c2df0f552fc3f9332127d275171ff5960b8e270cc5a8ff2c96dafdac916099d5e05eeccc74c16fd4c935e0a85b84b1959c8595c31ae900575b95540161b00b983f89a7ad89f956459fb01e2e5e34450917fcb3fdb2b609bd43a036d92d698ab5b754862d0b9713ad510d44f0ee18909bc8d5a442ab78d3b5860a890cfd162c812c11f22aab4cc1a98cf834fd093637ef75d5387d4213635861d315019e9e900b4a7716df4eb12f3c9ae96675655c73e2ec785f83d827cd4c6045e492e3e2becc82bfeb06702d8b48482f60e2a198d7cd7446ea43b3688ff15d7', 499018);
INSERT INTO public.sessions VALUES ('\x4dc5aada772c4dae353cfaf278c030dc64d79d772fc4f7b7c4bb730966efb9f6', '\x01eec58991ea1bd1a9e5392dff5a38a3436b6659f1f38cb94c6979b89d7ef3341ac31cb04c5d7015122cdd1f1f0f528ee535e008d6ea738a2332f503229fd41cddc06bc6f14444d13eb3ed4a4878ff51f9a08638a50fe52b6e36116491177a4c47231b8edee8d70881f778a86c93fcbb3a778ca75b53b24650fde231d75a176580d2c113fb3dad9851f38edc91b8212c15a4b7089d3181cd4dfe1f8866be132461dc4c76d4d2c4cf95cdcd217494140eb841f17e3ffc80696df53a4402c03373d66ca3e360df295d3c1f8d72cad213d5642ecd6b6650b3c23365bef381d87d024fb57204d7c9b91db8743fb3b4a0da574ff0b740e4349c1c07ee50cbbe35eb535f6dc0659dd193b61676b5b0114682453a6e3c097a1a706cd103a216c5239651b781ec13256963dd26e6c63bbdc6c6720abe897a4f9c872f50e13499b79b72c64a162b9287d39e6e5951c8328440f6536250781a3942002a18fd89285bd72c6358fdf3aceab81a5e2e6f0abd034293f8c31d4406fd0039a3cd5ceba590fa9bd828c9321164efc17bbe1bf3d7341ddaf54c65f6d86aa52583f8ea9c254c80693bd088c1302f2f643c3c08cfd8de422cefd462f5adc231c1a6096c869f4a0ee73033bf91625a7432c5a3c1b38b35ca6013129c3b3f4c2e135afe861b74247df553e8415456364d09303b31911b87f22b3440647aa3004f9b727fbb63d68855c588068a66a37fc74fe4609da64b83c22a1455177591a8728b5023ac29ac57772fb4a14b67c7d2223bf373eaa2cc3fc2e5901f0fa4574636adade3fc630c2c0007b795eadd08c4a90a833e4043ccbd57fbd37c7b24fe3df182ac704b9181a194b5f75d5281ea6fde3db12d93e8243f0e06898bee21732e47f4e7ec4d875001621827e45f8519176c66b796527fe4ffdd60f9806cd86da8f43aa0bda2bc3c7b7c6494019df6bd853f125d51b796dd7574d175a4d42b82fe1d5dd20d17d62e7349d922ce3f821bcbe22ee18026c04cb5e5f53ab986cce9ae9d59df8bed2c47e38a0777c988fd47013c94acad13919ba6be4d610481202c68afbffa9df85a9516a7253b461f8ecb89e64ae27bba2eb40becbd17c59c077028e36eca6f9aa1c6d67d50941528cddb008cb8fb41', 499018);
INSERT INTO public.sessions VALUES ('\x08c00f232a54f6975869f6998fd969caf545ffd1e19ac5bcba0cea86353f2514', '\x012e03821792f3cf10fbd414741786b1f03cbe77d0ab155337977943dbeb171fca76f3b003aef3b53a034e1abfcbd14489d935db064b41a04dcf170d024a2b8c9895e949bd5771e52a3c0145d382a8e79079d5c475254aef80dd3642aaf9ad2ed33f3979269cc30079eabdf9b5ca7ccea2c5d4a22d039c93201d629bc05b2007fc10fb3d6e7509ad5051d22eaf3588cbd2b43557ebf19adf322bd5ae768f87b717dde337be024da63ac8f00560e5816dc8ac891912809064e2149d242b9da5d55816093293eeb24557ed58e5368d0080f8330626a4b21df4a4cbd88316640b2dbfd54fcd780e3e96105158aa4bf0f4a0b3565cf35dc74ddb08d8bda692584ca03da0139136b04801e4f4cf8f444c174b753b0ad45a1dcdb9d239a2fcc085fec9207084ca2fd383d62db43b52c6744a991bfe591aea6bf7f0c991fbb0099cf52675aaec3ea23dd4978408668d1a3acc362d2313310927260cbf7934a46fc9c6d7be108059a72cba49c9b090573970f6229506e111b97a2b17b8424fa4ca811c407df9855941578ffa5210a075b48764d38bdfe5df24e5f5777a41d3853f997447d7543c9f9c9f8e20b7aa0e9ef8c01ee91bc36f470ccdd09d3f315c74744b6119947f54c3e751b5d02c95c458f34af1614208f726f2d91037500e73a9bd9e1858bcdce745bfa9826851e0f050cfded0222170ae50ecfef8e7154072ebf5a77906d8c4e7b1b8cf89a643554d73037818c6f5de3c864a02f2d5d3b13ca8ec27a1dffc32ec0501d6e31058067c57dea594c7e7213b88a14a73680cbf707e6afe2dcb15611761805b63f404585475bfc164e1ef480a15fb8533876aa252b89a8dc0897448c147129f3ee92a362da5279b9cdafa6f8f4d4b9d3dd5c1c0d9a50524bd12e240465d41937db9af4fc169d32cc96024b6c3f5c1dcd365720af11c4b89087b1b4a60250d6ce065902b48a7994709c0015d61eb7237ebf4007709a7890c050c6739ae4122f9aee451f5a3ad4cbeefd665eac3eae2ff3b87f2ff8c443f5ca80b0c1d60ab3cd1af8746e880a0f8ff053c9de584aafc6607a89e686455b3134bb6abba025b47aec98049f204625bfa2a4c38521168f1ef27ce7d7c61f1ec699e3241f1de9cb3f3662e83', 499018);
INSERT INTO public.sessions VALUES ('\x044086afcedffd1a8bbef3d2a7a010a4aaf1070cc5bb93d10a21e242104a6841', '\x01354f4958a6dfbd0d8d635050210023215fd60422d1b4fe2ace7464870c8185bd67b0493de0ec048e1f22e23bf04650b11c3867fee412eec25a5b2409609afa0014ba5f1d8d744022974013aa92db5ec3a39eb23cee454dab75667d5c254a620e42a66bae51239272a3c8441a725af96680b765339206f334e690dee0032f59ea12b57e3a710eecf2887fafe163764347e8f44bdb4e18330d30de4fab2a4ecf7b60d3621741f497195a3c4a3c7c755244192f5a066685b9f0ac7e42c5d1f20c80086e1636129b9b3d826ba947f5a14a24864f3cc8ce0bb88b5861d83bd809afa924b187d16e9a6894a7501510f08ffe56aae2630ffbc93cc6ed3b7e0039e5c380e2ab26aa8fd42597cdb270efcf54b3578329b9f2262f817f2e28b845ff25ee0892b8da7b24f15a758dd255d4d381dc7ef62bce6ac1ed10838c498aa39006b4759a6e37a6cd0d79c5fad17be4952e684784e1850a7ff4941360c77edc0434f93894d68d8437527f6ac36be1f240563e747b1cb9483b0af97280c5158d510cdfdc10dc864f3ba973defe9cd475908c012a1f986d50e1ea4213c0240a89492881ca8d71e36b952f31afe9b1e871b448ba207fb2727de51f73c7bc1f4bf4ec158677c9f4fefc9953eccea445f43fe21bf0a45d8e7f5033a3e8524ffb7c5bfddb59926632d06a5335a2e9fbaa1185200f1b560b7f4d56da41ba4a2d9ad5f44300de76a58e37fa5c77341bb40471e3bd2d150d20faff5dcb1b7028cc66804bb30ef1e696fd57e206939dd548f9f9da6b983ff5fef438ac6945053e0b479de35849cc5c27799923cdec51ca5d00d19339898aa37b6f71dd33bafaf754f5f031d9787287624b76490785260fe2e2e0cacf0ac5a2e61a003df83bc96dee2a242925acab7d31eb04e49e86cf06d68e7cd4c26228ca911b72e1fe76602e457c9c8f91daf81006944cf86e8f2c1da57181d78a01b3d7bbb7dfd82e9a2af74195ed3bb89ecaa36c0fb41d2fee767093b32cc015089d8ebe94aec686380d36b5c605e9cadf28573a9a3d9740b6fb83dbca72feb2ebe5a9acf5abf018493526a3444c25d2f4b0c01315f2e9beea66d017235fde530ad8b9e1a2556412c2b7659e69ca0237f117bd73906ed6a21a352a', 499018);


--
-- Data for Name: staff; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.staff VALUES ('7a6beb8197e6053a', 'Anna Smith', '\xa5c1cc0ec721b8c9f4d458108fd8927b912f94bbb608bab95828fc9ecf9d3a04', '\x012248e57a484df8c5705be9980e3c22bd2c9fb2cd794182f22f70822d03585e2c1db0bebd62d9f9f7c33e4ea16f93232ac28f96bae1f168ea6d8d355c8cbb91ca1720098eef8bff2d', '\x00a1fbfe7cd03ff9f1e071d3c4b410dc', 3, 268435456, false, true, '2026-12-03');
INSERT INTO public.staff VALUES ('7e48c6b342b6b0ee', 'Ben Okafor', '\x37ddbfa20d95496b21596d78c2c47c5387746b890c90a69085f4a3fdd228742f', '\x0194790c99b93d14b6a3761bd5d9edc2468464c66ad9b502045477a37e508747beb6f09480ca7d6594ad6915b636879d652080a3c70800fb19fb9f767109d3278814b453e6040b1594', '\xb29e62e2580ac4e7c2acdd660900698a', 3, 268435456, false, true, '2026-12-03');
INSERT INTO public.staff VALUES ('e97d64c1e16bac2c', 'Carys Left', '\xffc2f5b124fe1860d36d3f1eb81540c9796b78907bf48948794da325860ab65a', '\x017f1e5fbc39fada2d68738e64d9ba2567f2a6bbba31f79dd70b2353c0d46f6b9ce042384f5e8484ed92d5b967685872f97d56ef179fd8dcdefe2c6572b3078ca9b659872cb85d74fa', '\x4de591cc1e65a9c57aa4772df7a73d26', 3, 268435456, false, false, '2026-12-03');


--
-- Data for Name: staff_chat; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.staff_chat VALUES (1, 0);


--
-- Data for Name: transcripts; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.transcripts VALUES ('\x239791a6e2096457928285e76b15006662712e8a461821d0af79e20f77a44615', '\x01bf5fc4847f6f13daf8a6f06572680e44fa31b6f8fe35ef20bc9d9fb59c4ec02431109d9ec8d4e1a6190cf93adf4fd612017f39be8202d1daff005fa56ab8e799f93b2d8bd0369c430e9e929ac72df288068781ef2604f697738d56baf204d740ba8044a57d12d63c9c9bc9026ba7e648ad149091ed7ed53bb65eb5b34ab99f1065014b4e91756518ce99da69851b4bdb25ec004712395278ec0e2420be35c77c19c3712680b0d3a14f14165d998dfb3ef5371faec886dad6b13f5a6f9d5e2742179dde2c08e215b327e2c5eba6f9fd51b03982483fada10691a625786a56b5b9a8d618772b72ad85de914a8f79ff554a5c75dc2e89a7c4ad19be399d767b7ae8be44a9786051f94e8f660b7f4604aba8b4702be2b5db75546e87b3370ab889039a37ed976fdfaab99c6b063c974b7e32210dd0656da1a08ed00bf24e5e64638f3e03a55528c6382ff1e21af80ef5efdded7b9f5bb2ab7c93a351a676834d755c274651819fcc0ceb4dd2d8536beda182ae3d980683a723d8574eee614ae2ecfeefe7721c88e4983d61dbb5f41685cc60bef59194f6a1d8de0fea3004cf37da67367b501dba98a4c0caf6075f49ddca0b92c93657b1dc8f0a573c906332131d797c04d8200182df5d497dd2cd5852b2ec23225b1c2525f214e3a9e782f1f3078f0e1ea6103b5c13dd716255f56c5b7a9c507b25b605c3aa45654514ceb0e7f1cfc3cdc374db6ec37616d8d86837a37568966d7d4530e4279ba1683c5f7be7fd8b81534577f5f6fe96', 1796292900);


--
-- Data for Name: unanswered; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: visits; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.visits VALUES ('\x40b381af6b3541be8801cdee1e216d89ed1497f225f29d69d78d48d9f6343ef7', '\x0194a1267593f244a3a95c846a19f5b66e9f28576d38e46a6db9be6fd93c9f35e913ce9d048cd592b33c3980279fe24e8b3e938e3e5d77fbf0c84b26d9196d456e23a43a65c412bd2a5f551024fd34ac445f7621e9b56ddf3083bc56faf629db86d2773158de48079cc3c946baf631a2bcbe5e1de08a48ff3c4b0b01f710e4114b3b47d75c2cbea5ea84aeb02a1f01523a73993cb72b793072f51e058568c4876849605409c7b8e7d190d77c90cf67b4c55a1e160c7b5de9e7c17450eb6373d5a371bd52cf27ae2e761562d0b90bae09e0bf5189c9f1a5a47755351b9e839ef48e62e0142b9b734ceb159a8acd9ee03b29abc580e5245fb4fdd2e07e5a5fb44bff876b84f388eaefd004529b2c066272d30316bc1f02c5e8d1ea6aa419ca54ce40d949cf5d587a3a6c', 1796295600);
INSERT INTO public.visits VALUES ('\x0d31401057c9b8825177e661f5c5b206a21dfdf8201dc9870ebbaceec82758cf', '\x01359f5345786e6209545e88b780cf02ce679abf3a0327b848ff80d2be1571db79ff3cb9ea5c1bc99d3af34e508cb7a90b53c075c3a45b4800368cf4ee0701cbaa5a6829cf2c9d0467947222683d55709698369f7d4546de111f8f728a77bea4b13d468af4c8231e78cfd6b89527c44e7862132fa65596835ed8a6732f2a991738193f249cbfeb6ff41c967b41ce1e197b7812a018c7a29602d8f7281aee7b1482d1a772f2a073f7f5ef0fe93e14f131a62e29d02541bae62d30a8d6b32ee36aa6133c1c2330fd44a11315f64c125e6c48d058cd83d0b8bf32403b8decdcfa26917b4327d0d595de57407108fd8805d70470eac50e897f306bd63746359bdef171666743d16d15ec4b3bc532389a4545095d1ebd4bda8b814e5b2bb4499e5ec28824510c33d94a1069727d07b642855ade7aca39857be727dd9c9759f325f6498a1814e8263f06fe88d17f1607ca26857223d017ab9b4ae260634c32e0f924abfd3f83eb3d242c05c24d3ad189ea8f2a6b3f1dfad0890646b6015c5d44c24fef5ec689ecf43c11ae2ab734fdcff92d6caa6837eb2230d2819fb953910262d514e7ebc10cc32293598b06282fd96f2d05a8d4d2f2830e7345dae96815bf8a0784a61bb2bca415e41e94f12895934a489e3bbd076cf05d7541c9686864ed90e5abca094b37a641acbcb1a2152febebe6454eda27230a0c00768a741032795994359ea0f7ea38a71b487776d43d40365f2c3f05db74ef201c629c81d928c2b2250e0c25557db888886642', 1796295600);
INSERT INTO public.visits VALUES ('\x9e2be0bc2299e8d7bd1cce1b77911d789ab961b671fe9b4c7d1e4b0292c2bccc', '\x010cdd9948755a27284fc3b587a17166bbfd7570c09e036d31b445da0d1a5f1c029a5c17dc2ab276d5e652ce8253a77c8e4ad22948c7305a2a29f3c7022fc508ce02f1d13f711d286d36cbecb02561b190c1215ce1f78e2e9f52fb690f22fec1661ae577b5a8fbc93f65922f147efabfe5c33a6574f96ebf1bf5f449bfaeca9376d7ea3088e879c4543b102fc9af9e2b6e12db4ee4ddb6d8bb5b64bb7ed1fa4ea46a44f5bc2dc6b6d2c165f5e304619641a19bfc1af89aa64d63fad1f6f14b16052e8a82e15a4a703a6105793bdb4928b1272df2dd32956f316797c00d0f79f9f127f5a781bff2ad6e1d716e0bfd2f46f96eda8b02b4be7dd19b92963402f556651fd44ad983206e7fe362b77effd4aadeb8d26a665edeff8e2571c7b756f0d8c6430f9806a4ac5fc150407a3225d9427f42d092b910843cde4ee2002434353764f455aa59b03ce55f62454117138cc622fd30e238a91f56683dfd03e93f26aa75f331d8956b854103f3e0c487cb46d59845f0d64e6f5bc06f2ed1b1f2f3e7ca34774dba1cdcfaced69813543fd99d760ce99a75e3b99c2bfdf33f5c689a4e087e4756d4d53587f31b41d0bbaa57ed3beb3b8d2331ed3c2dc6ca99be632990f56705d9edb9e42c39418daf7db66067b6c7661018d07d048153b79c3dbada5575634eae5b09225ca5209f6359e004ac85650a788c5d650b0d8a748dd4665fe5ab2e778b5036b7ec5f3b8b6965077b4bcf093c60ba2d6a05cb84c8e0520bfaf13be75c1fb497d99bed90', 1796295600);
INSERT INTO public.visits VALUES ('\x85fa35b7fdbd3419636748d12f00fb54fdde290e2bddadb90ff5d7b596c82914', '\x0142a3ce4483b5472fb35c8a1859a4eedbec150fb2dc46c926651ee486baeeb2e05d3dfde8271e8f5b06a6fd57de200d8b04b22cf30c96f3f45b420cb01d5a8237d74171237a419f038314cb50a518c024083963f2dee2255d23824c984d026ea4961a77a5fc8e55a141d167d548ff193cbb5fbe3162de5eed75bcbeebc9f8a69197a886a4196c690006ada987406260008813db3d63d3d74d85250d33e9cbcb32385cfaef460a3d9f42d03dc527576fcaa9ac6e920f6ed101830b127cf64ecbeec548569ce82042a3ff984a7d76b3c9fcc052005916062d15ce751cd3c9ce4f2cc50a62a866de8c3e5f8fbc1707d6f97e4d51924790de2f6b264db3365c9821e1d03ce5feb916b80d4cf912c8463e88312f35e7539e7b128a522ebb6e1e9eb357c7ef33f5c1f63123', 1796295600);
INSERT INTO public.visits VALUES ('\x4dc5aada772c4dae353cfaf278c030dc64d79d772fc4f7b7c4bb730966efb9f6', '\x012ed6f2562cc447bb24b88c67000cae6d9e464478b6a81b938735baf3306c628623e72526a082529afb64bdd2ea30d0dc3dae8c4b1ac1ca4b6892fead6ecd345e93cefc9cdb5e8f4dca1ef3b4f7bbbcfc837759207a396f2f0f7d5d5a5e2a19d3aeb894d046ab6f0ecf0fefa39d6329c6fa4c8ddf4624064ddad31649027f0b692aa1ce2a3e803c3c25159e2ba1c587986d35e121c892371937a1d10c88ed6cb744080acc2c850f618e83e40e868ac0c0158211eaf5ab2ba679f0386ae06b52e338e58335ac608301a915ab49f037fcdebff55c13bd51f3ed72454292014d1d9dd7d9195692c56a0bbead3c0f38c39c0a13d2c76760ff97e87b7e6dc7260a8adf56bdc81f78bc4265d3acf76c5a3969772cd2c615c64f0cb38fff690251c423eb5be1410015f9b04fca68d45f9a65bfa0112dcf5c9aa5e98bf4399bace92bcf2775c1e3e83675b350c90443a5fb0f4297a3d109ae157c177f9500f51eeb54a8c76dba1297edd5c49938ee694e202a84bf7bfc64b1dbd440a7540a980f1de0b6b49bcfd2c53dfdd65d2769a0f0f278d774671082abd20b5366729252c638a63acaba4ebe5a3f94b0eaa95afd2ec6f262ffabebfaac545b01f17527261e6beb1c703cbc4e99d112227a8d0e74f237e5574561b03b40a61ac1ff54009ca645fdaed38f8691a2480b232c04a704eded27baccfea77a96433ea7634d4aaea10c2a0eba82b4224d0386fe490dd848f98fb172941a3959380cdf0e218850f09cbd75c6c0958cdb92a1a775c3', 1796295600);
INSERT INTO public.visits VALUES ('\x044086afcedffd1a8bbef3d2a7a010a4aaf1070cc5bb93d10a21e242104a6841', '\x01be4068d66aa5f4d303edb4c9234ee64ef4c1d45be38adc3cfccb776bf1ca65a5679cdcf106bf6ed1a9e782adef38c30a4ef48574209bae50cf9468489a578c2f873e9ef301086bcf1eda8cdcae7bf38973ca31407b92902c128ff4e881d24832a67c6aa4e8a677b95ad9d3e79e5816e112def356f11b848f2f6a6e0549c9d90490227b436477899773780f8330d1400b8c46634fc57c8881b1d99718d3c677a7143825c7a6e7e8608c77d0ac66a7ef7d5635877b839aa919ab9a14b367e70f7e92336031c04ededcd20bc88cacf1b6b193680e76e56b8a26517043e4dee77160e9ed01004e41cf33d1562992a44491f8d30be05f401c73be47d2ed4514a5135c217e8242e96730bccc9b94286fd75bdc69dc1fa1f669c46cf6ddc1da50695450c67100862b8f4817cb555fe64f038594c82a06e378ebf8545e846b0a57e875d26eecab8968d77bdcf3b06c7b8d621c33d8ec467f30cc3fae371962cb1a081943aacd7380c2515bfb5b25f74cd60119b3cfd98756959039d4cb99a0bf4d88761ead3b4fb0b75d77f936f31a1001402aa2ca64c82805278443cb9b52b683908b7dfe7fdba8267cc95d05985675797dfba19a0c66eee24682c26f8f1ed2138a1308cbf81737bce5225ed9fb4a7be3d82dcf44fe59c2da30c152d86b850c40f48995fb14736156772b7a1c039a1865f8016d8194d8a58078eaaede644e041816e6ed24a56e9d27a64973b249e3305c21f064601d36a277c44448f2cdd8819048df6d0632546c2eb933bd', 1796295600);
INSERT INTO public.visits VALUES ('\x08c00f232a54f6975869f6998fd969caf545ffd1e19ac5bcba0cea86353f2514', '\x01dda16d554c683b232cce295f4836fcdee10a125464b51d84a1b4ebf88ee04e47ecd379eb97171bbf0ade00e30502dd3b711536c93120b3762a35b3f017f667e6dc799c1dfee230c06a013738a3c82249038d55cce6123184fd93ea505028d2c6b5c98b17e448a64469e4543bfb5947c588c8df8e785810b793d55b2f186649663b48f6e62cc78adc82b5e2739a30963fa5122d3288cc3d279eef0afb0b3f60a0b097f3cd2d323c0cdcb62248000dd258043f77611bd730516a6fea2e1f25149e4dac3edf15d8412eb15bd2f315cd1ef3f442acc736904db76d37b77b8f0a49af5b01acfc3e951d1d20840e7afaa6042d2481162063ddcbdc2734ddaec8ecd1c7cbe4df98b8dd0331c679526df50db22f4e140931692fafe38fb140c7eef6b6b85e2b68523bbf0e030ce2e65d598c4e2652f82bb68c1cb7d14ff04fe9a984c72d32c5d288706be5e52364b3d10aa4d14ab2b264a8f8b03c558ea30f05831db43c634dc6582323f0a6a24ea636a3579bcecff4ff1f6553773311396db75ef76f7d7496eba65f4342206df0ffc3ac4ad1d29a5493d29dc023c0d567f4e077e9445031de045d0b2d1b774792073111059ef7d766249b75321ae60e119ac9f66d5c3cb2c02ba9885958d54d345df556075e3e0b2c3639302d38ab8da417071c87dbaa0c5919090f11dcaaf8bbf6e202b5caab4ef9229ac0afc800df13a48790a7f63a41eb794736a6df7ba18c2f694f8d7280b39f7b2089dc665c9b9c2e79170f7ea3bc613ca4d84e6b00', 1796295600);


--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);


--
-- Name: audit_head pk_audit_head; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit_head
    ADD CONSTRAINT pk_audit_head PRIMARY KEY (id);


--
-- Name: audit_log pk_audit_log; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT pk_audit_log PRIMARY KEY (number);


--
-- Name: cases pk_cases; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.cases
    ADD CONSTRAINT pk_cases PRIMARY KEY (id);


--
-- Name: code_tries pk_code_tries; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.code_tries
    ADD CONSTRAINT pk_code_tries PRIMARY KEY (hour);


--
-- Name: counters pk_counters; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.counters
    ADD CONSTRAINT pk_counters PRIMARY KEY (day, name, topic);


--
-- Name: drafts pk_drafts; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.drafts
    ADD CONSTRAINT pk_drafts PRIMARY KEY (chat_key);


--
-- Name: editors_key pk_editors_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.editors_key
    ADD CONSTRAINT pk_editors_key PRIMARY KEY (id);


--
-- Name: envelope_keys pk_envelope_keys; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.envelope_keys
    ADD CONSTRAINT pk_envelope_keys PRIMARY KEY (case_id, number, reader);


--
-- Name: envelopes pk_envelopes; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.envelopes
    ADD CONSTRAINT pk_envelopes PRIMARY KEY (case_id, number);


--
-- Name: figures pk_figures; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.figures
    ADD CONSTRAINT pk_figures PRIMARY KEY (year, dimension, value);


--
-- Name: fragments pk_fragments; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fragments
    ADD CONSTRAINT pk_fragments PRIMARY KEY (chat_key);


--
-- Name: handled_updates pk_handled_updates; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.handled_updates
    ADD CONSTRAINT pk_handled_updates PRIMARY KEY (channel, update_id);


--
-- Name: limits pk_limits; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.limits
    ADD CONSTRAINT pk_limits PRIMARY KEY (name);


--
-- Name: login_tries pk_login_tries; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.login_tries
    ADD CONSTRAINT pk_login_tries PRIMARY KEY (name_key);


--
-- Name: marks pk_marks; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.marks
    ADD CONSTRAINT pk_marks PRIMARY KEY (name);


--
-- Name: recovery_key pk_recovery_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.recovery_key
    ADD CONSTRAINT pk_recovery_key PRIMARY KEY (id);


--
-- Name: second_factors pk_second_factors; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.second_factors
    ADD CONSTRAINT pk_second_factors PRIMARY KEY (member);


--
-- Name: sessions pk_sessions; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT pk_sessions PRIMARY KEY (chat_key);


--
-- Name: staff pk_staff; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.staff
    ADD CONSTRAINT pk_staff PRIMARY KEY (id);


--
-- Name: staff_chat pk_staff_chat; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.staff_chat
    ADD CONSTRAINT pk_staff_chat PRIMARY KEY (id);


--
-- Name: transcripts pk_transcripts; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.transcripts
    ADD CONSTRAINT pk_transcripts PRIMARY KEY (chat_key);


--
-- Name: unanswered pk_unanswered; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.unanswered
    ADD CONSTRAINT pk_unanswered PRIMARY KEY (id);


--
-- Name: visits pk_visits; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.visits
    ADD CONSTRAINT pk_visits PRIMARY KEY (chat_key);


--
-- Name: cases uq_cases_lookup_tag; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.cases
    ADD CONSTRAINT uq_cases_lookup_tag UNIQUE (lookup_tag);


--
-- Name: staff uq_staff_name; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.staff
    ADD CONSTRAINT uq_staff_name UNIQUE (name);


--
-- Name: ix_audit_log_case_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_audit_log_case_id ON public.audit_log USING btree (case_id);


--
-- Name: ix_cases_day; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_cases_day ON public.cases USING btree (day);


--
-- Name: ix_cases_status; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_cases_status ON public.cases USING btree (status);


--
-- Name: ix_drafts_expires; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_drafts_expires ON public.drafts USING btree (expires);


--
-- Name: ix_envelope_keys_reader; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_envelope_keys_reader ON public.envelope_keys USING btree (reader);


--
-- Name: ix_envelopes_unread; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_envelopes_unread ON public.envelopes USING btree (case_id, day) WHERE unread;


--
-- Name: ix_fragments_expires; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_fragments_expires ON public.fragments USING btree (expires);


--
-- Name: ix_handled_updates_expires; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_handled_updates_expires ON public.handled_updates USING btree (expires);


--
-- Name: ix_limits_expires; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_limits_expires ON public.limits USING btree (expires);


--
-- Name: ix_login_tries_expires; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_login_tries_expires ON public.login_tries USING btree (expires);


--
-- Name: ix_sessions_expires; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_sessions_expires ON public.sessions USING btree (expires);


--
-- Name: ix_transcripts_expires; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_transcripts_expires ON public.transcripts USING btree (expires);


--
-- Name: ix_unanswered_day; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_unanswered_day ON public.unanswered USING btree (day);


--
-- Name: ix_visits_expires; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_visits_expires ON public.visits USING btree (expires);


--
-- Name: envelope_keys fk_envelope_keys_envelopes; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.envelope_keys
    ADD CONSTRAINT fk_envelope_keys_envelopes FOREIGN KEY (case_id, number) REFERENCES public.envelopes(case_id, number);


--
-- Name: envelopes fk_envelopes_cases; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.envelopes
    ADD CONSTRAINT fk_envelopes_cases FOREIGN KEY (case_id) REFERENCES public.cases(id);


--
-- PostgreSQL database dump complete
--

\unrestrict hBwH49aAIJEUoGMZ9dOWA4IphYQ1pQUW8FbcSJNj8VQdY1GNZFs193jXmGfnLMr

